import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { type AvroSchema, avro } from '../../src/avro.js'
import type { Format } from '../../src/index.js'
import { failure } from '../fixtures/failure.js'

interface Order {
  id: string
  amount: number | null
}

const Order = {
  type: 'record',
  name: 'com.shop.Order',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'amount', type: ['null', 'double'], default: null },
  ],
}

const record = (name: string, ...fields: object[]) => ({ type: 'record', name, fields })
const one = (type: AvroSchema, more: object = {}) => record('One', { name: 'a', type, ...more })

describe('avro', () => {
  test('a value comes back, typed as the caller says', () => {
    const format = avro<Order>({ schema: Order })
    expectTypeOf(format).toEqualTypeOf<Format<Order>>()
    expectTypeOf(avro({ schema: Order })).toEqualTypeOf<Format<unknown>>()
    expect(format.decode(format.encode({ id: 'a', amount: 1.5 }))).toEqual({ id: 'a', amount: 1.5 })
  })

  test('its bytes are those of avsc, both ways', () => {
    const bare = avsc.Type.forSchema(Order as avsc.Schema)
    const format = avro<Order>({ schema: JSON.stringify(Order) })
    fc.assert(
      fc.property(fc.record({ id: fc.string(), amount: fc.option(fc.double({ noNaN: true })) }), (order) => {
        expect(format.encode(order)).toEqual(bare.toBuffer(order))
        expect(format.decode(bare.toBuffer(order))).toEqual(order)
      }),
    )
  })

  describe('beside avsc itself, with types of its own for what it leaves to its users', () => {
    const DAY_MS = 86_400_000
    /** Resolved from itself only. */
    abstract class OwnType extends avsc.types.LogicalType {
      override _resolve(writers: avsc.Type): unknown {
        return avsc.Type.isType(writers, this.typeName) ? (of: unknown) => of : undefined
      }
    }
    class DateType extends OwnType {
      override _fromValue(days: number): Date {
        return new Date(days * DAY_MS)
      }
      override _toValue(date: Date): number {
        return date.getTime() / DAY_MS
      }
    }
    class TimestampType extends OwnType {
      override _fromValue(ms: number): Date {
        return new Date(ms)
      }
      override _toValue(date: Date): number {
        return date.getTime()
      }
    }
    /** Of scale 2. */
    class DecimalType extends OwnType {
      override _fromValue(bytes: Buffer): string {
        const digits = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
        const text = (digits < 0n ? -digits : digits).toString().padStart(3, '0')
        return `${digits < 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`
      }
      override _toValue(text: string): Buffer {
        const digits = BigInt(text.replace('.', ''))
        let length = 1
        while (BigInt.asIntN(length * 8, digits) !== digits) length++
        const hex = BigInt.asUintN(length * 8, digits).toString(16)
        return Buffer.from(hex.padStart(length * 2, '0'), 'hex')
      }
    }
    const logicalTypes = { date: DateType, 'timestamp-millis': TimestampType, decimal: DecimalType }
    const bigintLong = avsc.types.LongType.__with({
      fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(0),
      toBuffer: (of: bigint) => Buffer.from(new BigInt64Array([of]).buffer),
      fromJSON: BigInt,
      toJSON: Number,
      isValid: (of: unknown) => typeof of === 'bigint',
      compare: (a: bigint, b: bigint) => Number(a - b),
    })

    const decimal = { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 }
    const price = fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n }).map((digits) => {
      const text = (digits < 0n ? -digits : digits).toString().padStart(3, '0')
      return `${digits < 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`
    })
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    // Which avsc assigns, and so loses; see guarded.test.ts.
    const name = fc.string().filter((text) => text !== '__proto__')
    // avsc makes no union of a long of its users' and one with a logical type.
    const withLogicalTypes = {
      bare: { logicalTypes },
      long: 'number' as const,
      fields: [
        { name: 'moved', type: 'string' },
        { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
        { name: 'day', type: { type: 'int', logicalType: 'date' } },
        { name: 'price', type: decimal },
        { name: 'prices', type: { type: 'map', values: ['null', decimal] } },
        { name: 'wrapped', type: ['int', 'double'] },
      ],
      values: fc.record({
        moved: fc.string(),
        // Of longer ago avsc has other bytes than Avro: see below.
        at: fc.option(fc.date({ min: new Date('0001-01-01'), noInvalidDate: true })),
        day: fc.integer({ min: -100_000, max: 100_000 }).map((days) => new Date(days * DAY_MS)),
        price,
        prices: fc.dictionary(name, fc.option(price), { noNullPrototype: true }),
        wrapped: fc.oneof(
          fc.integer().map((int) => ({ int })),
          fc.double({ noNaN: true }).map((double) => ({ double })),
        ),
      }),
    }
    const withBigints = {
      bare: { registry: { long: bigintLong } },
      long: 'bigint' as const,
      fields: [
        { name: 'moved', type: 'string' },
        { name: 'big', type: 'long' },
        { name: 'plain', type: ['null', 'string', { type: 'array', items: 'long' }] },
        { name: 'byName', type: { type: 'map', values: 'long' } },
      ],
      values: fc.record({
        moved: fc.string(),
        big: int64,
        plain: fc.oneof(fc.constant(null), fc.string(), fc.array(int64)),
        byName: fc.dictionary(name, int64, { noNullPrototype: true }),
      }),
    }

    // avsc keeps the names of types in its registry, so each has its own.
    const bareOf = (
      schema: object,
      { registry, ...others }: { registry?: { long: avsc.Type }; logicalTypes?: object },
    ) =>
      avsc.Type.forSchema(
        schema as avsc.Schema,
        { ...others, ...(registry && { registry: { ...registry } }) } as object,
      )
    /** avsc has values of wrapped unions in classes of its own. */
    const told = (value: unknown) =>
      JSON.stringify(value, (_, of) => (typeof of === 'bigint' ? `${of}n` : Object.is(of, -0) ? '-0' : of))

    describe.each([
      ['unions, dates and decimals', withLogicalTypes],
      ['int64 beyond 2^53', withBigints],
    ] as const)('%s', (_what, { bare: options, long, fields, values }) => {
      const schema = record('Everything', ...fields)

      test('the same bytes, and each reads the other', () => {
        const bare = bareOf(schema, options)
        const format = avro<unknown>({ schema, long })
        fc.assert(
          fc.property(values as fc.Arbitrary<object>, (value) => {
            const bytes = format.encode(value)
            expect(bytes).toEqual(bare.toBuffer(value))
            expect(told(bare.fromBuffer(bytes))).toBe(told(format.decode(bytes)))
            expect(format.decode(bare.toBuffer(value))).toEqual(value)
          }),
        )
      })

      test('evolution in both directions is what its resolver makes of it', () => {
        const newer = record(
          'Everything',
          { name: 'note', type: ['null', 'string'], default: null },
          { name: 'count', type: 'int', default: 7 },
          ...fields.slice(1),
        )
        const [bareOld, bareNew] = [bareOf(schema, options), bareOf(newer, options)]
        const up = bareNew.createResolver(bareOld)
        const upwards = avro({ schema: newer, writtenWith: schema, long })
        const older = record('Everything', ...fields.slice(1))
        const bareOlder = bareOf(older, options)
        const down = bareOlder.createResolver(bareNew)
        const downwards = avro({ schema: older, writtenWith: newer, long })
        fc.assert(
          fc.property(values as fc.Arbitrary<{ moved: string }>, ({ moved, ...rest }) => {
            const old = bareOld.toBuffer({ moved, ...rest })
            expect(upwards.decode(old)).toEqual({ note: null, count: 7, ...rest })
            expect(told(upwards.decode(old))).toBe(told(bareNew.fromBuffer(old, up)))
            const fresh = bareNew.toBuffer({ note: moved, count: 1, ...rest })
            expect(downwards.decode(fresh)).toEqual(rest)
            expect(told(downwards.decode(fresh))).toBe(told(bareOlder.fromBuffer(fresh, down)))
          }),
        )
      })
    })
  })

  test('the schema that Avro itself documents gives the documented bytes', () => {
    // Apache Avro 1.12, specification, "Complex types": record test of a long and a string.
    const test = record('test', { name: 'a', type: 'long' }, { name: 'b', type: 'string' })
    expect(avro({ schema: test }).encode({ a: 27, b: 'foo' }).toString('hex')).toBe('3606666f6f')
  })

  test('a value that does not fit says where and why', () => {
    const error = failure(() => avro({ schema: Order }).encode({ id: 7, amount: null }))
    expect(error.code).toBe('ZK_ENCODE_FAILED')
    expect(error.message).toContain('id is number 7, not string')
  })

  test('bytes that end too early and bytes left behind are refused', () => {
    const format = avro<Order>({ schema: Order })
    const bytes = format.encode({ id: 'abc', amount: 1 })
    expect(failure(() => format.decode(bytes.subarray(0, -1))).message).toContain('it ends too early')
    expect(failure(() => format.decode(Buffer.concat([bytes, Buffer.from([0])]))).message).toContain('1 bytes are left')
  })

  test.each<[string, AvroSchema]>([
    ['no JSON', '{'],
    ['no such type', { type: 'recrod', name: 'X', fields: [] }],
    ['a default that does not fit', one('int', { default: 'x' })],
  ])('a schema that is not valid is refused at once: %s', (_why, schema) => {
    expect(() => avro({ schema })).toThrow(/the Avro schema is not valid/)
  })
})

describe('unions', () => {
  const union = avro<{ a: unknown }>({ schema: one(['null', 'string', { type: 'array', items: 'int' }]) })

  test.each([[null], ['x'], [[1, 2]]])('%j is itself where the value says which branch it is', (a) => {
    expect(union.decode(union.encode({ a }))).toEqual({ a })
  })

  test('a value is wrapped where it would not say', () => {
    const format = avro<unknown>({ schema: one(['int', 'long']) })
    expect(format.decode(format.encode({ a: { long: 2 ** 40 } }))).toEqual({ a: { long: 2 ** 40 } })
  })

  test('a nullable Date is a Date or null', () => {
    const format = avro<unknown>({ schema: one(['null', { type: 'long', logicalType: 'timestamp-millis' }]) })
    for (const a of [null, new Date(1_700_000_000_123)]) expect(format.decode(format.encode({ a }))).toEqual({ a })
  })
})

describe('long', () => {
  const schema = one('long')
  const numbers = avro<{ a: number }>({ schema })
  const bigints = avro<{ a: bigint }>({ schema, long: 'bigint' })

  test('numbers up to 2^53 are exact, also the negative ones that avsc itself reads as others', () => {
    const big = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })
    const near = fc.tuple(
      fc.constantFrom(-1, 1),
      fc.constantFrom(2 ** 51, 2 ** 52, 2 ** 53 - 12),
      fc.integer({ min: -12, max: 11 }),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          big,
          near.map(([sign, power, by]) => sign * (power + by)),
        ),
        (a) => {
          expect(numbers.encode({ a })).toEqual(bigints.encode({ a: BigInt(a) }))
          expect(numbers.decode(numbers.encode({ a }))).toEqual({ a })
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('a number beyond 2^53 is an error that names the option, never another number', () => {
    expect(failure(() => numbers.decode(Buffer.alloc(12, 0xff))).code).toBe('ZK_DECODE_FAILED')
    expect(failure(() => numbers.decode(bigints.encode({ a: -(2n ** 63n) }))).message).toContain("long: 'bigint'")
    const error = failure(() => numbers.decode(bigints.encode({ a: 2n ** 53n + 1n })))
    expect(error.message).toContain("long: 'bigint'")
    expect(failure(() => numbers.encode({ a: 2 ** 53 + 2 })).code).toBe('ZK_ENCODE_FAILED')
  })

  test('bigints have all 64 bits, and the bytes that numbers have', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (a) => {
        expect(bigints.decode(bigints.encode({ a }))).toEqual({ a })
        if (Number.isSafeInteger(Number(a))) expect(bigints.encode({ a })).toEqual(numbers.encode({ a: Number(a) }))
      }),
    )
    expect(failure(() => bigints.encode({ a: 2n ** 63n })).code).toBe('ZK_ENCODE_FAILED')
    expect(failure(() => bigints.encode({ a: 1 as never })).code).toBe('ZK_ENCODE_FAILED')
  })

  test('a long of a union, of an array and with a default is a bigint too', () => {
    const format = avro<unknown>({
      schema: record(
        'R',
        { name: 'u', type: ['null', 'long'] },
        { name: 'l', type: { type: 'array', items: { type: 'long' } } },
        { name: 'd', type: 'long', default: 5 },
      ),
      long: 'bigint',
    })
    const value = { u: 2n ** 60n, l: [1n, -(2n ** 62n)], d: 7n }
    expect(format.decode(format.encode(value))).toEqual(value)
    expect(format.decode(format.encode({ u: null, l: [] }))).toEqual({ u: null, l: [], d: 5n })
  })
})

describe('evolution', () => {
  const v1 = record('Order', { name: 'id', type: 'string' }, { name: 'count', type: 'int' })
  const v2 = record(
    'Order',
    { name: 'id', type: 'string' },
    { name: 'count', type: 'long' },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['OPEN', 'DONE'] }, default: 'OPEN' },
  )

  test('an old value is read as the new schema: defaults for what it lacks, an int as a long', () => {
    const bytes = avro({ schema: v1 }).encode({ id: 'a', count: 3 })
    const format = avro({ schema: v2, writtenWith: v1 })
    expect(format.decode(bytes)).toEqual({ id: 'a', count: 3, note: null, state: 'OPEN' })
    expect(avro({ schema: v2, writtenWith: v1, long: 'bigint' }).decode(bytes)).toMatchObject({ count: 3n })
  })

  test('a new value is read as the old schema: what it does not know is skipped', () => {
    const old = record('Order', { name: 'id', type: 'string' })
    const bytes = avro({ schema: v2 }).encode({ id: 'a', count: 3, note: 'x', state: 'DONE' })
    expect(avro({ schema: old, writtenWith: v2 }).decode(bytes)).toEqual({ id: 'a' })
  })

  test('a field that moved, and one that was renamed with an alias, are found', () => {
    const moved = record('Order', { name: 'count', type: 'int' }, { name: 'orderId', type: 'string', aliases: ['id'] })
    const bytes = avro({ schema: v1 }).encode({ id: 'a', count: 3 })
    expect(avro({ schema: moved, writtenWith: v1 }).decode(bytes)).toEqual({ count: 3, orderId: 'a' })
  })

  test('schemas that cannot be resolved are refused at once', () => {
    expect(() => avro({ schema: record('Order', { name: 'x', type: 'int' }), writtenWith: v1 })).toThrow(
      /cannot be read as schema.*x/,
    )
  })
})

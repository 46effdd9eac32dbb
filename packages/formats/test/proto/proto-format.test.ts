import {
  create,
  type DescMessage,
  equals,
  fromBinary,
  fromJsonString,
  type MessageShape,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf'
import { TimestampSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Format } from '../../src/index.js'
import { proto, protoRegistry } from '../../src/proto.js'
import { failure } from '../fixtures/failure.js'
import { MoneySchema } from '../fixtures/shop/money_pb.js'
import { CustomerSchema, type Order, OrderSchema, State } from '../fixtures/shop/order_pb.js'
import { OrderSchema as OrderV2Schema, Priority } from '../fixtures/shop/order_v2_pb.js'

const order = create(OrderSchema, {
  id: 'o-1',
  number: 2n ** 62n + 1n,
  customer: { name: 'Ada' },
  lines: [{ sku: 'x', quantity: 2n ** 63n + 7n, discount: { percent: 12.5, reason: 'loyal' } }, { sku: 'ÿ' }],
  total: { currency: 'EUR', units: -5n, nanos: -1 },
  at: create(TimestampSchema, { seconds: 1_700_000_000n, nanos: 5 }),
  tags: { a: 'b' },
  payment: { case: 'token', value: new Uint8Array([0, 255]) },
  state: State.PAID,
  deltas: [-(2n ** 63n), 2n ** 63n - 1n],
})

describe.each(['binary', 'base64', 'json'] as const)('proto as %s', (encoding) => {
  const format = proto(OrderSchema, { encoding })

  test('a message comes back with its oneof, maps, nested messages and all 64 bits, typed by its schema', () => {
    expectTypeOf(format).toEqualTypeOf<Format<Order>>()
    expectTypeOf<ReturnType<typeof format.decode>['lines'][0]['quantity']>().toEqualTypeOf<bigint>()
    expect(equals(OrderSchema, format.decode(format.encode(order)), order)).toBe(true)
  })

  const written = {
    binary: <D extends DescMessage>(schema: D, of: MessageShape<D>) => Buffer.from(toBinary(schema, of)),
    base64: <D extends DescMessage>(schema: D, of: MessageShape<D>) =>
      Buffer.from(Buffer.from(toBinary(schema, of)).toString('base64')),
    json: <D extends DescMessage>(schema: D, of: MessageShape<D>) => Buffer.from(toJsonString(schema, of)),
  }[encoding]
  const read = {
    binary: <D extends DescMessage>(schema: D, bytes: Buffer) => fromBinary(schema, bytes),
    base64: <D extends DescMessage>(schema: D, bytes: Buffer) =>
      fromBinary(schema, Buffer.from(bytes.toString(), 'base64')),
    json: <D extends DescMessage>(schema: D, bytes: Buffer) =>
      fromJsonString(schema, bytes.toString(), { ignoreUnknownFields: true }),
  }[encoding]

  test('the bytes are those of the bare library, and each reads the other', () => {
    expect(format.encode(order)).toEqual(written(OrderSchema, order))
    expect(equals(OrderSchema, read(OrderSchema, format.encode(order)), order)).toBe(true)
    expect(equals(OrderSchema, format.decode(written(OrderSchema, order)), order)).toBe(true)
  })

  test('an older and a newer version of the message, by the bare library and by us, in both directions', () => {
    const newer = proto(OrderV2Schema, { encoding })
    const v2 = create(OrderV2Schema, { orderId: 'o-2', number: 2n ** 60n, notes: ['n'], priority: Priority.HIGH })
    for (const [schema, of, by] of [
      [OrderV2Schema, newer.decode(written(OrderSchema, order)), format.encode(order)],
      [OrderSchema, format.decode(written(OrderV2Schema, v2)), newer.encode(v2)],
    ] as const) {
      expect(of.number).toBe(schema === OrderSchema ? v2.number : order.number)
      expect(equals(schema as typeof OrderSchema, read(schema as typeof OrderSchema, by), of as typeof order)).toBe(
        true,
      )
    }
  })

  test('what is no such message is refused, and the message says how to make one', () => {
    for (const value of [{ id: 'o-1' }, null, 7, create(MoneySchema)]) {
      const error = failure(() => format.encode(value as Order))
      expect(error.code).toBe('ZK_ENCODE_FAILED')
      expect(error.message).toContain('create()')
    }
  })

  test('a field that cannot be is refused', () => {
    const broken = encoding === 'json' ? { ...order, lines: [{}] as never } : { ...order, number: 2n ** 64n }
    expect(failure(() => format.encode(broken)).code).toBe('ZK_ENCODE_FAILED')
  })

  test('an older reader and a newer one read each other', () => {
    const newer = proto(OrderV2Schema, { encoding })
    const fromOld = newer.decode(format.encode(order))
    expect(fromOld.number).toBe(order.number)
    if (encoding !== 'json') expect(fromOld.orderId).toBe('o-1')
    const v2 = create(OrderV2Schema, { orderId: 'o-2', number: 3n, notes: ['n'], priority: Priority.HIGH })
    const fromNew = format.decode(newer.encode(v2))
    expect(fromNew.number).toBe(3n)
    // Field numbers count in binary, names in JSON.
    expect(fromNew.id).toBe(encoding === 'json' ? '' : 'o-2')
  })
})

describe('proto', () => {
  test('unknown fields and enum values in JSON are left out', () => {
    const text = '{"id":"a","later":{"x":[1]},"state":"STATE_LATER"}'
    expect(proto(OrderSchema, { encoding: 'json' }).decode(Buffer.from(text))).toMatchObject({ id: 'a', state: 0 })
  })

  test('a character anywhere in base64 that does not belong there is an error, whatever Node makes of it', () => {
    const format = proto(CustomerSchema, { encoding: 'base64' })
    // Nine bytes: no padding.
    const text = format.encode(create(CustomerSchema, { name: 'a name!' })).toString()
    for (const strange of ['=', '==', '-', '_', ' ', '\n', '*', 'é', '\0']) {
      // Before the end, where white space is left out and padding may be.
      for (let at = 0; at < text.length - 2; at++) {
        const inserted = `${text.slice(0, at)}${strange}${text.slice(at)}`
        const replaced = `${text.slice(0, at)}${strange}${text.slice(at + 1)}`
        for (const wrong of [inserted, replaced]) {
          expect(() => format.decode(Buffer.from(wrong, 'latin1')), wrong).toThrow('it is no base64')
        }
      }
    }
    expect(() => format.decode(Buffer.from(`${text.slice(0, 4)}A`))).toThrow('it is no base64')
    expect(() => format.decode(Buffer.from('===='))).toThrow('it is no base64')
  })

  test('base64 with its newline is read; what is no base64 is an error, not another message', () => {
    const format = proto(OrderSchema, { encoding: 'base64' })
    const text = format.encode(order).toString()
    expect(equals(OrderSchema, format.decode(Buffer.from(`${text}\n`)), order)).toBe(true)
    expect(failure(() => format.decode(Buffer.from(`*${text}`))).message).toContain('it is no base64')
  })

  test('truncated bytes, and a message nested without end, are errors', () => {
    const format = proto(OrderSchema)
    expect(failure(() => format.decode(format.encode(order).subarray(0, -1))).code).toBe('ZK_DECODE_FAILED')
    expect(failure(() => format.decode(Buffer.alloc(100_000, 0x0b))).code).toBe('ZK_DECODE_FAILED')
  })

  test('what is no schema of a message is refused at once', () => {
    expect(() => proto(undefined as never)).toThrow('proto expects the schema of a message')
    expect(() => protoRegistry(undefined as never, { registry: { url: 'mock://x' } })).toThrow(TypeError)
    expect(() => proto(OrderSchema.field.state?.enum as never)).toThrow(TypeError)
  })

  test('another encoding is refused at once', () => {
    expect(() => proto(OrderSchema, { encoding: 'text' as never })).toThrow(/encoding expects/)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AvroSchema, avro } from '../../src/avro.js'
import { failure } from '../fixtures/failure.js'

const of = (type: AvroSchema) => ({ type: 'record', name: 'One', fields: [{ name: 'a', type }] })
const format = (type: AvroSchema, long: 'number' | 'bigint' = 'number') =>
  avro<{ a: unknown }>({ schema: of(type), long })
const millis = { type: 'long', logicalType: 'timestamp-millis' }
const date = { type: 'int', logicalType: 'date' }
const decimal = (precision: number, scale: number) => ({ type: 'bytes', logicalType: 'decimal', precision, scale })
const fixed = { type: 'fixed', name: 'F', size: 4, logicalType: 'decimal', precision: 9, scale: 2 }

describe('timestamp-millis', () => {
  test.each(['number', 'bigint'] as const)('is a Date, with longs as %s', (long) => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (a) => {
        expect(format(millis, long).decode(format(millis, long).encode({ a }))).toEqual({ a })
      }),
    )
  })

  test('its bytes are milliseconds since 1970', () => {
    expect(format(millis).encode({ a: new Date(1234) })).toEqual(format('long').encode({ a: 1234 }))
  })

  test('a time that no Date has is an error, as is writing an invalid one or a number', () => {
    expect(failure(() => format(millis).decode(format('long').encode({ a: 8.64e15 + 1 }))).code).toBe(
      'ZK_DECODE_FAILED',
    )
    for (const a of [new Date(Number.NaN), 5]) {
      expect(failure(() => format(millis).encode({ a })).code).toBe('ZK_ENCODE_FAILED')
    }
  })
})

describe('date', () => {
  test('is a Date at midnight UTC; days since 1970 in the bytes', () => {
    const a = new Date('2026-02-28')
    expect(format(date).decode(format(date).encode({ a }))).toEqual({ a })
    expect(format(date).encode({ a: new Date('1969-12-31') })).toEqual(format('int').encode({ a: -1 }))
  })

  test('a time of day is refused, for it would be lost', () => {
    expect(failure(() => format(date).encode({ a: new Date('2026-02-28T01:00:00Z') })).code).toBe('ZK_ENCODE_FAILED')
  })
})

describe('decimal', () => {
  test.each([
    ['12.34', '04d2'],
    ['-12.34', 'fb2e'],
    ['0.00', '00'],
    ['-0.01', 'ff'],
    ['1.28', '0080'],
    ['-1.28', '80'],
  ])('%s is the shortest big-endian two’s complement of its digits', (text, hex) => {
    const bytes = format(decimal(10, 2)).encode({ a: text })
    expect(bytes.subarray(1).toString('hex')).toBe(hex)
    expect(format(decimal(10, 2)).decode(bytes)).toEqual({ a: text })
  })

  test('any number of 38 digits comes back, in bytes and in a fixed', () => {
    const wide = { type: 'fixed', name: 'F', size: 16, logicalType: 'decimal', precision: 38, scale: 10 }
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (digits) => {
        const plain = (digits < 0n ? -digits : digits).toString().padStart(11, '0')
        const a = `${digits < 0n ? '-' : ''}${plain.slice(0, -10)}.${plain.slice(-10)}`
        expect(format(decimal(38, 10)).decode(format(decimal(38, 10)).encode({ a }))).toEqual({ a })
        expect(format(wide).decode(format(wide).encode({ a }))).toEqual({ a })
      }),
    )
  })

  test('fewer digits after the point are filled up, zeros too many are dropped, others are refused', () => {
    const round = (a: string) => format(decimal(10, 2)).decode(format(decimal(10, 2)).encode({ a })).a
    expect([round('5'), round('5.1'), round('5.100'), round('+005.10')]).toEqual(['5.00', '5.10', '5.10', '5.10'])
    for (const a of ['5.101', '123456789.00', 'x', '', '1e3', 5]) {
      expect(failure(() => format(decimal(10, 2)).encode({ a })).code, String(a)).toBe('ZK_ENCODE_FAILED')
    }
  })

  test('a fixed is filled with its sign', () => {
    expect(format(fixed).encode({ a: '-0.01' }).toString('hex')).toBe('ffffffff')
  })

  test('a writer with another scale is refused, for the point would move', () => {
    const bad = () => avro({ schema: of(decimal(10, 4)), writtenWith: of(decimal(10, 2)) })
    expect(bad).toThrow(/cannot be read/)
  })

  test('a writer with another precision, and one with plain bytes, are read', () => {
    const bytes = format(decimal(10, 2)).encode({ a: '1.50' })
    for (const writtenWith of [of(decimal(10, 2)), of('bytes')]) {
      expect(avro({ schema: of(decimal(20, 2)), writtenWith }).decode(bytes)).toEqual({ a: '1.50' })
    }
  })

  test('a decimal that is not valid is the bytes that it is made of', () => {
    expect(format(decimal(2, 5)).decode(format('bytes').encode({ a: Buffer.from([1]) }))).toEqual({
      a: Buffer.from([1]),
    })
  })
})

describe('what a number cannot hold', () => {
  test('timestamp-micros is a long; timestamp-nanos a bigint always', () => {
    const micros = format({ type: 'long', logicalType: 'timestamp-micros' })
    const nanos = format({ type: 'long', logicalType: 'timestamp-nanos' })
    expect(micros.decode(micros.encode({ a: 1_700_000_000_000_001 }))).toEqual({ a: 1_700_000_000_000_001 })
    expect(nanos.decode(nanos.encode({ a: 1_700_000_000_000_000_001n }))).toEqual({ a: 1_700_000_000_000_000_001n })
  })

  test('a writer of plain longs is read as dates', () => {
    const bytes = format('long').encode({ a: 1000 })
    for (const long of ['number', 'bigint'] as const) {
      expect(avro({ schema: of(millis), writtenWith: of('long'), long }).decode(bytes)).toEqual({ a: new Date(1000) })
    }
  })

  test('raw leaves all of them as they are', () => {
    const raw = avro<unknown>({ schema: of(date), logicalTypes: 'raw' })
    expect(raw.decode(raw.encode({ a: 7 }))).toEqual({ a: 7 })
  })
})

import { describe, expect, test } from 'vitest'
import { type AvroSchema, avro } from '../../src/avro.js'
import { failure } from '../fixtures/failure.js'

const of = (type: AvroSchema) => ({ type: 'record', name: 'R', fields: [{ name: 'a', type }] })
const bare = { type: 'record', name: 'R', fields: [] }
const zigzag = (n: bigint): number[] => {
  const bytes: number[] = []
  let rest = n < 0n ? -n * 2n - 1n : n * 2n
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}

const HUGE = 2n ** 62n
const bombs: [string, AvroSchema, number[]][] = [
  ['an array of ints', { type: 'array', items: 'int' }, zigzag(HUGE)],
  ['an array of ints in a block with a size', { type: 'array', items: 'int' }, [...zigzag(-HUGE), ...zigzag(5n), 2]],
  ['an array of nulls', { type: 'array', items: 'null' }, zigzag(HUGE)],
  ['an array of empty records', { type: 'array', items: { type: 'record', name: 'E', fields: [] } }, zigzag(10n ** 7n)],
  [
    'arrays of nulls in an array',
    { type: 'array', items: { type: 'array', items: 'null' } },
    [8, ...[1, 2, 3, 4].flatMap(() => [...zigzag(900_000n), 0]), 0],
  ],
  ['a map', { type: 'map', values: 'int' }, zigzag(HUGE)],
  ['a map of nulls', { type: 'map', values: 'null' }, zigzag(HUGE)],
  ['an array with a count of endless bytes', { type: 'array', items: 'int' }, [...new Array(400).fill(0xff), 1]],
  ['bytes', 'bytes', zigzag(HUGE)],
  ['a string', 'string', zigzag(HUGE)],
  ['bytes of a negative length', 'bytes', zigzag(-5n)],
]

describe('counts and lengths are not believed', () => {
  test.each(bombs)('%s that announces more than there is fails at once', (_what, type, bytes) => {
    const began = performance.now()
    expect(failure(() => avro({ schema: of(type) }).decode(Buffer.from(bytes))).code).toBe('ZK_DECODE_FAILED')
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  test.each(bombs)('%s that is skipped neither', (_what, type, bytes) => {
    const format = avro({ schema: bare, writtenWith: of(type) })
    const began = performance.now()
    expect(failure(() => format.decode(Buffer.from(bytes))).code).toBe('ZK_DECODE_FAILED')
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  test.each<[string, AvroSchema]>([
    ['array', { type: 'array', items: 'int' }],
    ['map', { type: 'map', values: 'int' }],
  ])('a skipped block of a negative size does not go back: %s', (_what, type) => {
    const format = avro({ schema: bare, writtenWith: of(type) })
    expect(failure(() => format.decode(Buffer.from([...zigzag(-1n), ...zigzag(-2n), 0]))).message).toContain(
      'a block of -2',
    )
  })

  test('a value nested deeper than the stack is an error', () => {
    const schema = { type: 'record', name: 'N', fields: [{ name: 'next', type: ['null', 'N'] }] }
    expect(failure(() => avro({ schema }).decode(Buffer.alloc(1_000_000, 2))).code).toBe('ZK_DECODE_FAILED')
  })
})

describe('what is honest is read', () => {
  test('arrays and maps in several blocks, with and without sizes, read and skipped', () => {
    const schema = of({ type: 'array', items: 'int' })
    // Two items; one item in a block of one byte; end.
    const bytes = Buffer.from([4, 2, 4, ...zigzag(-1n), 2, 6, 0])
    expect(avro({ schema }).decode(bytes)).toEqual({ a: [1, 2, 3] })
    expect(avro({ schema: bare, writtenWith: schema }).decode(bytes)).toEqual({})
    const map = of({ type: 'map', values: 'int' })
    const entries = Buffer.from([2, 2, 97, 2, ...zigzag(-1n), 6, 2, 98, 4, 0])
    expect(avro({ schema: map }).decode(entries)).toEqual({ a: { a: 1, b: 2 } })
    expect(avro({ schema: bare, writtenWith: map }).decode(entries)).toEqual({})
  })

  test('a hundred thousand nulls, and a resolved array', () => {
    const nulls = avro<unknown>({ schema: of({ type: 'array', items: 'null' }) })
    const a = new Array(100_000).fill(null)
    expect(nulls.decode(nulls.encode({ a }))).toEqual({ a })
    const ints = of({ type: 'array', items: 'int' })
    const longs = avro({ schema: of({ type: 'array', items: 'long' }), writtenWith: ints, long: 'bigint' })
    expect(longs.decode(avro({ schema: ints }).encode({ a: [1, 2] }))).toEqual({ a: [1n, 2n] })
  })

  test('the key __proto__ of a map is a key and nothing else', () => {
    const format = avro<{ a: Record<string, object> }>({
      schema: of({ type: 'map', values: { type: 'record', name: 'V', fields: [{ name: 'x', type: 'int' }] } }),
    })
    const { a } = format.decode(format.encode({ a: JSON.parse('{"__proto__":{"x":1}}') }))
    expect(Object.keys(a)).toEqual(['__proto__'])
    expect((a as { x?: number }).x).toBeUndefined()
  })
})

import { create } from '@bufbuild/protobuf'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { avro, avroRegistry } from '../src/avro.js'
import { bytes, type Format, FormatError, json, string, withSchemaId } from '../src/index.js'
import { proto, protoRegistry } from '../src/proto.js'
import { jsonRegistry, RegistryError } from '../src/registry.js'
import { OrderSchema } from './fixtures/shop/order_pb.js'

const INPUTS = 10_000
/** Most that one input of at most a few hundred bytes may take. */
const MAX_MS = 250
const MAX_HEAP_GROWTH = 256 * 1024 * 1024
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)

const place = { topic: 'fuzz', part: 'value' } as const
const registry = { url: 'mock://fuzz' }

const schema = {
  type: 'record',
  name: 'Fuzz',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'blob', type: 'bytes' },
    { name: 'long', type: 'long' },
    { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 4 } },
    { name: 'list', type: { type: 'array', items: { type: 'array', items: ['null', 'string', 'double'] } } },
    { name: 'nulls', type: { type: 'array', items: 'null' } },
    { name: 'map', type: { type: 'map', values: { type: 'map', values: 'int' } } },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
    { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 8 } },
    { name: 'next', type: ['null', 'Fuzz'], default: null },
  ],
}
const leaf = {
  text: 'téxt',
  blob: Buffer.from([1, 2, 3]),
  at: new Date(1_700_000_000_000),
  day: new Date('2026-01-01'),
  price: '-12.3400',
  list: [[null, 'a', 1.5], []],
  nulls: [null, null],
  map: { a: { b: 1 }, c: {} },
  kind: 'B',
  hash: Buffer.alloc(8, 7),
  next: null,
}
const value = { ...leaf, long: 5, next: { ...leaf, long: -(2 ** 40) } }
const valueOfBigints = { ...leaf, long: 2n ** 60n, next: { ...leaf, long: -1n } }
/** Reads a part of it only, so that all else is skipped. */
const narrow = {
  type: 'record',
  name: 'Fuzz',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
  ],
}
const order = create(OrderSchema, {
  id: 'a',
  number: 7n,
  lines: [{ sku: 'x', discount: { percent: 1 } }],
  tags: { a: 'b' },
  deltas: [1n, -1n],
})
const Json = z.object({ a: z.number(), b: z.array(z.string()) })
const jsonValue = { a: 1, b: ['x', 'ÿ'] }
const jsonSchema = z.toJSONSchema(Json)

// biome-ignore lint/suspicious/noExplicitAny: formats of values of all kinds
type Case = [string, Format<any>, unknown]
const cases: Case[] = [
  ['string', string, 'some téxt'],
  ['bytes', bytes, Buffer.from('x')],
  ['json', json(Json), jsonValue],
  ['avro', avro({ schema }), value],
  ['avro with bigints', avro({ schema, long: 'bigint' }), valueOfBigints],
  ['proto', proto(OrderSchema), order],
  ['proto in base64', proto(OrderSchema, { encoding: 'base64' }), order],
  ['proto as json', proto(OrderSchema, { encoding: 'json' }), order],
  ['avro with schema id', withSchemaId(0, avro({ schema })), value],
  ['proto with schema id', withSchemaId(1, proto(OrderSchema)), order],
  ['json with schema id', withSchemaId(1, json()), jsonValue],
  ['avro of a registry', avroRegistry({ registry, schema, autoRegister: true }), value],
  ['proto of a registry', protoRegistry(OrderSchema, { registry, autoRegister: true, subject: 'p' }), order],
  [
    'json of a registry',
    jsonRegistry({ registry, jsonSchema, validate: Json, autoRegister: true, subject: 'j' }),
    jsonValue,
  ],
]

/** Knuth's and Lewis' linear congruential generator, so that a seed is the same inputs everywhere. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const NASTY = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff]

/** Half are made of chance alone, half are valid bytes with some of them changed, cut out, doubled or put in. */
function inputOf(chance: (below: number) => number, valid: Buffer): Buffer {
  if (chance(2) === 0)
    return Buffer.from(Array.from({ length: chance(64) }, () => (chance(3) === 0 ? NASTY[chance(7)]! : chance(256))))
  let mutated = Buffer.from(valid)
  for (let left = 1 + chance(4); left > 0; left--) {
    const at = chance(mutated.length + 1)
    const run = Buffer.alloc(1 + chance(9), NASTY[chance(7)])
    const kind = chance(5)
    if (kind === 0) mutated[at] = chance(256)
    else if (kind === 1) mutated = mutated.subarray(0, at)
    else if (kind === 2) mutated = Buffer.concat([mutated.subarray(0, at), run, mutated.subarray(at)])
    else if (kind === 3) mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + run.length)])
    else mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(chance(mutated.length + 1))])
  }
  return mutated
}

describe(`${INPUTS} inputs of chance, seed ${SEED}`, () => {
  const counts: string[] = []
  afterAll(() => console.log(counts.join('\n')))

  async function fuzz(name: string, format: Case[1], given: unknown): Promise<void> {
    await format.prepareEncode?.(place)
    const valid = format.encode(given, place)
    await format.prepareDecode?.(valid, place)
    expect(format.decode(valid, place)).toEqual(given)
    const chance = chanceOf(SEED)
    let refused = 0
    for (let i = 0; i < INPUTS; i++) {
      const input = inputOf(chance, valid)
      const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
      const began = performance.now()
      try {
        await format.prepareDecode?.(input, place)
        format.decode(input, place)
      } catch (error) {
        refused++
        if (!(error instanceof FormatError || error instanceof RegistryError)) {
          throw new Error(`${name}: ${input.toString('hex')} of seed ${SEED} threw ${String(error)}`, { cause: error })
        }
      }
      const took = performance.now() - began
      const grown = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers - before
      if (took > MAX_MS || grown > MAX_HEAP_GROWTH) {
        throw new Error(`${name}: ${input.toString('hex')} of seed ${SEED} took ${took} ms and ${grown} bytes`)
      }
    }
    counts.push(`${name}: ${refused} refused, ${INPUTS - refused} read`)
    // Otherwise it was not the decoder that was tried.
    if (name !== 'bytes') expect(refused).toBeGreaterThan(INPUTS / 20)
  }

  test.each(cases)('%s: an error of ours or a value, at once, without much memory', { timeout: 120_000 }, fuzz)

  test('avro, skipped by a reader of less', { timeout: 120_000 }, async () => {
    const reader = avro({ schema: narrow, writtenWith: schema })
    const of: Format<unknown> = { ...reader, encode: (given) => avro({ schema }).encode(given) }
    await fuzz(
      'avro resolved',
      { ...of, decode: (input) => ({ ...value, ...(reader.decode(input) as object) }) },
      value,
    )
  })
})

/**
 * Bytes of chance to every decoder.
 *
 * A decoder that hangs lets no test time out, for it holds the thread that would say so: another thread watches this one, tells
 * which input it was, and ends the process. What was allocated is looked at after each input, and, for what is let go of before
 * that, by the most memory that the process has had.
 */
import { Worker } from 'node:worker_threads'
import { create } from '@bufbuild/protobuf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
/** Of the process, over all inputs of a decoder; garbage that nobody has collected yet is in it. */
const MAX_PEAK_GROWTH = 512 * 1024 * 1024
/** After which an input has hung. */
const HANGS_MS = Number(process.env.FUZZ_HANGS_MS ?? 15_000)
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

const registryAvro = avroRegistry<unknown>({ registry, schema, autoRegister: true })

/** @param rest what the reader leaves out of the value */
function readBy(reader: Format<unknown>, rest?: object): Partial<Format<unknown>> {
  const { prepareDecode, decode } = reader
  return {
    ...(prepareDecode !== undefined && { prepareDecode }),
    decode: (bytes) => (rest === undefined ? decode(bytes) : { ...rest, ...(decode(bytes) as object) }),
  }
}

// biome-ignore lint/suspicious/noExplicitAny: formats of values of all kinds
type Case = [string, Format<any>, unknown]
const cases: Case[] = [
  ['string', string, 'some téxt'],
  ['bytes', bytes, Buffer.from('x')],
  ['json', json(Json), jsonValue],
  ['json without a schema', json(), jsonValue],
  ['avro', avro({ schema }), value],
  ['avro with bigints', avro({ schema, long: 'bigint' }), valueOfBigints],
  ['proto', proto(OrderSchema), order],
  ['proto in base64', proto(OrderSchema, { encoding: 'base64' }), order],
  ['proto as json', proto(OrderSchema, { encoding: 'json' }), order],
  ['avro with schema id', withSchemaId(0, avro({ schema })), value],
  ['proto with schema id', withSchemaId(1, proto(OrderSchema)), order],
  ['json with schema id', withSchemaId(1, json()), jsonValue],
  ['avro of a registry', registryAvro, value],
  ['avro of a registry, as its writer has it', { ...registryAvro, ...readBy(avroRegistry({ registry })) }, value],
  [
    'avro of a registry, read as less',
    { ...registryAvro, ...readBy(avroRegistry({ registry, schema: narrow }), value) },
    value,
  ],
  ['proto of a registry', protoRegistry(OrderSchema, { registry, autoRegister: true, subject: 'p' }), order],
  [
    'json of a registry',
    jsonRegistry({ registry, jsonSchema, validate: Json, autoRegister: true, subject: 'j' }),
    jsonValue,
  ],
  [
    'json of a registry, not validated',
    jsonRegistry({ registry, jsonSchema, autoRegister: true, subject: 'j' }),
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

/** Most memory that the process has had. */
function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024
}

const NASTY = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff]

/**
 * Half are made of chance alone, half are valid bytes with some of them changed, cut out, doubled or put in. Half of the first begin
 * with the schema id, without which they would not get far.
 */
function inputOf(chance: (below: number) => number, valid: Buffer): Buffer {
  if (chance(2) === 0) {
    const noise = Array.from({ length: chance(64) }, () => (chance(3) === 0 ? NASTY[chance(7)]! : chance(256)))
    return Buffer.from(valid[0] === 0 && chance(2) === 0 ? [...valid.subarray(0, 5), ...noise] : noise)
  }
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

/** What the thread that watches sees: whether an input is being decoded, the how manieth it is, its length, and its bytes. */
const [RUNS, NUMBER, LENGTH] = [0, 1, 2]
const seen = new SharedArrayBuffer(65_536)
const seenNumbers = new Int32Array(seen, 0, 4)
const seenBytes = new Uint8Array(seen, 16)

/** Ends the process when one input takes too long. Its words go past the main thread, which hangs. */
const WATCH = `
  const { workerData: { seen, hangsMs, seed } } = require('node:worker_threads')
  const numbers = new Int32Array(seen, 0, 4)
  let last = -1, since = Date.now()
  setInterval(() => {
    const number = Atomics.load(numbers, ${NUMBER})
    if (number !== last || Atomics.load(numbers, ${RUNS}) === 0) { last = number; since = Date.now() }
    else if (Date.now() - since > hangsMs) {
      const input = Buffer.from(seen, 16, Atomics.load(numbers, ${LENGTH})).toString('hex')
      require('node:fs').writeSync(2, 'A decoder hangs: ' + input + ' of seed ' + seed + '\\n')
      process.kill(process.pid, 'SIGKILL')
    }
  }, 100)
`

async function watched(input: Buffer, decode: () => unknown): Promise<void> {
  seenBytes.set(input.subarray(0, seenBytes.length))
  Atomics.store(seenNumbers, LENGTH, Math.min(input.length, seenBytes.length))
  Atomics.add(seenNumbers, NUMBER, 1)
  Atomics.store(seenNumbers, RUNS, 1)
  try {
    await decode()
  } finally {
    Atomics.store(seenNumbers, RUNS, 0)
  }
}

describe(`${INPUTS} inputs of chance, seed ${SEED}`, () => {
  const counts: string[] = []
  let watcher: Worker
  beforeAll(() => {
    watcher = new Worker(WATCH, { eval: true, workerData: { seen, hangsMs: HANGS_MS, seed: SEED } })
  })
  afterAll(async () => {
    await watcher.terminate()
    console.log(counts.join('\n'))
  })

  async function fuzz(name: string, format: Case[1], given: unknown): Promise<void> {
    await format.prepareEncode?.(place)
    const valid = format.encode(given, place)
    await format.prepareDecode?.(valid, place)
    expect(format.decode(valid, place)).toEqual(given)
    const chance = chanceOf(SEED)
    let refused = 0
    const peakBefore = peakBytes()
    for (let i = 0; i < INPUTS; i++) {
      const input = inputOf(chance, valid)
      const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
      const began = performance.now()
      try {
        await watched(input, async () => {
          await format.prepareDecode?.(input, place)
          format.decode(input, place)
        })
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
    const peak = peakBytes() - peakBefore
    counts.push(
      `${name}: ${refused} refused, ${INPUTS - refused} read, ${Math.ceil(peak / 1024 ** 2)} MiB more at most`,
    )
    expect(peak).toBeLessThan(MAX_PEAK_GROWTH)
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

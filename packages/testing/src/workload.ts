/** What a test or benchmark produces, as a pure function of its seed: the same options give the same records. */

export interface WorkloadOptions {
  /** Default 1. */
  seed?: number
  /** How many records; default 10,000. */
  messages?: number
  /** How many different keys, `k0` to `k<n-1>`; default 1,000. */
  keys?: number
  /** Exponent of Zipf's law: 0 (default) gives each key the same share, 1 gives k0 as much as k1 and k2 together, roughly. */
  zipf?: number
  /** Size of a value; at least what its JSON needs (some 30 bytes). A pair: evenly spread between both. Default 100. */
  valueBytes?: number | readonly [min: number, max: number]
  /** Share of records without a key, 0 to 1; default 0. */
  keyless?: number
}

export interface WorkloadRecord {
  key: string | null
  /** Counts the records of the key from 0; those without a key count together. */
  seq: number
  /** JSON: `{ key, seq, pad }`. */
  value: Buffer
}

export function* workload(options: WorkloadOptions = {}): Generator<WorkloadRecord> {
  const { seed = 1, messages = 10_000, keys = 1000, zipf = 0, valueBytes = 100, keyless = 0 } = options
  const random = seededRandom(seed)
  const pickKey = keyPicker(keys, zipf)
  const [min, max] = typeof valueBytes === 'number' ? [valueBytes, valueBytes] : valueBytes
  const seqs = new Map<string | null, number>()
  for (let i = 0; i < messages; i++) {
    const key = random() < keyless ? null : `k${pickKey(random())}`
    const seq = seqs.get(key) ?? 0
    seqs.set(key, seq + 1)
    yield { key, seq, value: encodeValue(key, seq, min + Math.floor(random() * (max - min + 1))) }
  }
}

/** What a value says of its record. */
export function readWorkloadValue(value: Uint8Array): { key: string | null; seq: number } {
  return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString())
}

function encodeValue(key: string | null, seq: number, bytes: number): Buffer {
  const bare = JSON.stringify({ key, seq, pad: '' })
  return Buffer.from(JSON.stringify({ key, seq, pad: 'x'.repeat(Math.max(0, bytes - bare.length)) }))
}

/** Numbers from 0 to 1 (exclusive) by mulberry32: good enough to spread keys, and the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** @returns the number of a key for a number from 0 to 1: key n has a share proportional to (n + 1) ** -zipf. */
function keyPicker(keys: number, zipf: number): (at: number) => number {
  const upTo = new Float64Array(keys)
  let sum = 0
  for (let n = 0; n < keys; n++) {
    sum += (n + 1) ** -zipf
    upTo[n] = sum
  }
  return (at) => {
    const wanted = at * sum
    let low = 0
    let high = keys - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (upTo[middle] > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}

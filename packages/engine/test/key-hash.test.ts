import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fmix32, keyHash, murmur2, virtualPartition } from '../src/key-hash.js'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('murmur2', () => {
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])("is Kafka's: %s", (key, hash) => {
    expect(murmur2(bytes(key))).toBe(hash)
  })

  test('reads bytes as unsigned, so keys that are no text hash as in Java too', () => {
    // Utils.murmur2(new byte[] { -1, -128, 127, 0, -2, -3, -4 }) by the algorithm on unsigned bytes, in BigInt.
    const key = Uint8Array.of(255, 128, 127, 0, 254, 253, 252)
    expect(murmur2(key)).toBe(murmur2InBigInt(key))
  })

  test('every length from 0 to 40 agrees with the algorithm written out in BigInt', () => {
    for (let length = 0; length <= 40; length++) {
      const key = Uint8Array.from({ length }, (_, i) => (i * 97 + length * 31) & 255)
      expect(murmur2(key), `length ${length}`).toBe(murmur2InBigInt(key))
    }
  })
})

describe('keyHash', () => {
  test('is the MurmurHash3 finaliser over murmur2, unsigned', () => {
    // Known values of fmix32, as SMHasher's implementation gives them.
    expect(fmix32(0)).toBe(0)
    expect(fmix32(1)).toBe(0x514e28b7)
    expect(fmix32(-1)).toBe(0x81f16f39)
    for (const key of ['21', 'foobar', 'abc', '']) {
      const hash = keyHash(bytes(key))
      expect(hash).toBe(fmix32(murmur2(bytes(key))))
      expect(hash).toBeGreaterThanOrEqual(0)
      expect(Number.isInteger(hash)).toBe(true)
    }
  })

  test('an empty key is a key', () => {
    expect(murmur2(new Uint8Array())).toBe(275646681)
    expect(virtualPartition(new Uint8Array(), 7)).toBe(keyHash(new Uint8Array()) % 7)
  })

  test('a view into a larger buffer hashes as its own bytes', () => {
    const buffer = bytes('xxfoobarxx')
    expect(keyHash(buffer.subarray(2, 8))).toBe(keyHash(bytes('foobar')))
  })
})

describe('virtualPartition', () => {
  test('is one of them, whatever the key and however many there are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 1_024 }), (key, n) => {
        const index = virtualPartition(key, n)
        expect(Number.isInteger(index) && index >= 0 && index < n).toBe(true)
      }),
    )
  })

  test('equal keys have the same one, wherever their bytes lie', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.nat({ max: 9 }),
        fc.integer({ min: 1, max: 64 }),
        (key, at, n) => {
          const elsewhere = new Uint8Array(at + key.length + 3).fill(7)
          elsewhere.set(key, at)
          expect(virtualPartition(elsewhere.subarray(at, at + key.length), n)).toBe(virtualPartition(key, n))
        },
      ),
    )
  })

  test('is not the same for all keys', () => {
    const keys = Array.from({ length: 20 }, (_, i) => bytes(`key-${i}`))
    expect(new Set(keys.map((key) => virtualPartition(key, 5))).size).toBe(5)
  })
})

describe('spread over threads of keys that Kafka placed by murmur2', () => {
  const KEYS = 100_000
  const hashes = new Int32Array(KEYS)
  for (let i = 0; i < KEYS; i++) hashes[i] = murmur2(bytes(`order-${i}`))

  describe.each([12, 16])('topic of %i partitions', (partitions) => {
    test.each([2, 4, 7, 8, 12])('%i threads share any one or two partitions evenly', (threads) => {
      const counts = Array.from({ length: partitions }, () => new Int32Array(threads))
      for (const hash of hashes) counts[(hash & 0x7fffffff) % partitions]![fmix32(hash) % threads]!++
      for (let a = 0; a < partitions; a++) {
        for (let b = a; b < partitions; b++) {
          const load = counts[a]!.map((count, thread) => (a === b ? count : count + counts[b]![thread]!))
          const fair = load.reduce((sum, count) => sum + count) / threads
          // One assertion per pair would take longer than the arithmetic.
          if (Math.min(...load) === 0 || Math.max(...load) > 1.3 * fair) {
            expect.fail(`partitions ${a} and ${b} give the threads ${load.join(', ')}`)
          }
        }
      }
    })
  })
})

/** The algorithm as its specification has it, in arithmetic that cannot overflow: slow and plainly right. */
function murmur2InBigInt(key: Uint8Array): number {
  const u32 = (value: bigint) => BigInt.asUintN(32, value)
  const m = 0x5bd1e995n
  let h = u32(0x9747b28cn ^ BigInt(key.length))
  let i = 0
  for (; i + 4 <= key.length; i += 4) {
    let k = BigInt(key[i]!) | (BigInt(key[i + 1]!) << 8n) | (BigInt(key[i + 2]!) << 16n) | (BigInt(key[i + 3]!) << 24n)
    k = u32(k * m)
    k ^= k >> 24n
    h = u32(h * m) ^ u32(k * m)
  }
  for (let rest = key.length - 1; rest >= i; rest--) h ^= BigInt(key[rest]!) << BigInt(8 * (rest - i))
  if (i < key.length) h = u32(h * m)
  h ^= h >> 13n
  h = u32(h * m)
  h ^= h >> 15n
  return Number(BigInt.asIntN(32, h))
}

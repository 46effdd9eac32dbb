/**
 * The hash that routes a key to a virtual partition: fmix32(murmur2(key)).
 *
 * Java, kafkajs and librdkafka's `murmur2*` producers place a record on Kafka partition `murmur2(key) % P`, so inside
 * one partition all hashes share a residue, and `murmur2(key) % N` would reach only N / gcd(P, N) threads. The
 * finaliser of MurmurHash3 (fmix32) breaks that correlation, at the price of five operations.
 */

const SEED = 0x9747b28c
const M = 0x5bd1e995

/** Kafka's murmur2 as a signed 32-bit number, equal to `org.apache.kafka.common.utils.Utils.murmur2`. */
export function murmur2(key: Uint8Array): number {
  const length = key.length
  let h = SEED ^ length
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    let k = key[i]! | (key[i + 1]! << 8) | (key[i + 2]! << 16) | (key[i + 3]! << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    h = Math.imul(h, M) ^ Math.imul(k, M)
  }
  const rest = length & 3
  if (rest === 3) h ^= key[whole + 2]! << 16
  if (rest >= 2) h ^= key[whole + 1]! << 8
  if (rest >= 1) {
    h ^= key[whole]!
    h = Math.imul(h, M)
  }
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}

/** MurmurHash3's 32-bit finaliser, by Austin Appleby; unsigned. */
export function fmix32(hash: number): number {
  let h = hash
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  h ^= h >>> 16
  return h >>> 0
}

/** The routing hash of a key, an unsigned 32-bit number. An empty key is a key; a null key has no hash and no order. */
export function keyHash(key: Uint8Array): number {
  return fmix32(murmur2(key))
}

/** Which of `n` virtual partitions a key belongs to, with affinity 'hash'. */
export function virtualPartition(key: Uint8Array, n: number): number {
  return keyHash(key) % n
}

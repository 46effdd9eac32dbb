/**
 * Keys as people use them: the k-th most frequent of n has a share that is proportional to 1 / k^s.
 * Source: G. K. Zipf, Human Behavior and the Principle of Least Effort, 1949.
 */

/** @returns the share of each key, the hottest first; they add up to 1. */
export function zipfShares(keys: number, exponent: number): Float64Array {
  const shares = Float64Array.from({ length: keys }, (_, i) => (i + 1) ** -exponent)
  const sum = shares.reduce((a, b) => a + b, 0)
  return shares.map((share) => share / sum)
}

/** @returns `count` keys by their number, 0 the hottest, in an order that is the same each time. */
export function zipfKeys(keys: number, exponent: number, count: number): Uint32Array {
  const upTo = zipfShares(keys, exponent)
  for (let i = 1; i < keys; i++) upTo[i]! += upTo[i - 1]!
  const chance = chanceOf(1)
  return Uint32Array.from({ length: count }, () => firstAbove(upTo, chance()))
}

function firstAbove(upTo: Float64Array, value: number): number {
  let low = 0
  let high = upTo.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (upTo[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}

/** Marsaglia's xorshift of 32 bits: from 0 up to 1. */
function chanceOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

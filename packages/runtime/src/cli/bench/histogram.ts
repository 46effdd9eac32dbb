/**
 * Counts of durations in buckets that grow with them, so that millions of records take 3 KiB and each an addition.
 *
 * Every power of two is divided into 32 buckets: a percentile is at most 1.6 % off. The idea is HdrHistogram's (Gil Tene).
 */
const SUB_BITS = 5
const SUB = 1 << SUB_BITS
/** Below it each whole number has a bucket of its own. */
const EXACT = 2 * SUB
const MAX = 2 ** 31 - 1

export class Histogram {
  readonly #counts = new Uint32Array(EXACT + (31 - SUB_BITS - 1) * SUB)
  #count = 0
  #sum = 0

  get count(): number {
    return this.#count
  }

  /** 0 when there is none. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  /** @param value rounded down to a whole number; what is below 0 counts as 0 */
  add(value: number): void {
    const whole = Math.max(0, Math.min(MAX, Math.floor(value)))
    this.#counts[bucketOf(whole)]!++
    this.#count++
    this.#sum += Math.max(0, value)
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#sum = 0
  }

  /** @param share 0 to 1 @returns the middle of the bucket in which the value lies below which that share is; 0 when there is none */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count))
    let seen = 0
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i]!
      if (seen >= rank) return middleOf(i)
    }
    return 0
  }
}

function bucketOf(value: number): number {
  if (value < EXACT) return value
  const exponent = 31 - Math.clz32(value)
  return EXACT + (exponent - SUB_BITS - 1) * SUB + ((value >>> (exponent - SUB_BITS)) & (SUB - 1))
}

function middleOf(bucket: number): number {
  if (bucket < EXACT) return bucket
  const power = Math.floor((bucket - EXACT) / SUB) + 1
  const width = 2 ** power
  return (SUB + ((bucket - EXACT) % SUB)) * width + width / 2
}

/**
 * A small seeded generator (mulberry32) in whole numbers only: the same seed gives the same story on every machine and
 * every version of Node.
 */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** Starts anew, as if it had just been made with this seed. */
  reset(seed: number): void {
    this.#state = seed | 0
  }

  /** 32 random bits, unsigned. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** An integer from 0 to `n - 1`. */
  below(n: number): number {
    return this.word() % n
  }

  /** An integer from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + (this.word() % (max - min + 1))
  }

  percent(chance: number): boolean {
    return this.word() % 100 < chance
  }

  pick<T>(items: readonly T[]): T {
    return items[this.word() % items.length]!
  }
}

/** One partition at the broker: its log, with gaps, and what the group has committed of it. */
import type { Random } from '../random.js'
import type { Shape } from '../shape.js'
import type { Records, Victim } from './records.js'

export interface Committed {
  readonly offset: number
  /** Flat ranges `[from, to, …]` above the offset that are finished: the commit's metadata. */
  readonly finished: readonly number[]
}

export class PartitionLog {
  readonly index: number
  /** What engines call it; one object for ever. */
  readonly name: { readonly topic: string; readonly partition: number }
  /** Records that can be read, in offset order. */
  ids: number[] = []
  /** The lowest offset that can be read. */
  start = 0
  /** Where the next record goes; beyond the last one when the tail holds transaction markers. */
  end = 0
  committed: Committed | undefined
  /** The topic has this partition. */
  exists = true
  readonly #records: Records
  readonly #shape: Shape
  /** Below it new records may be skipped by readers that were there before. */
  #hazard = 0

  constructor(index: number, records: Records, shape: Shape) {
    this.index = index
    // Two topics, so that the same partition number and the same keys meet in both.
    this.name = { topic: index % 2 === 0 ? 'a' : 'b', partition: index >> 1 }
    this.#records = records
    this.#shape = shape
  }

  /** It was never cut short: what is committed of it lies within it. */
  get isWhole(): boolean {
    return this.#hazard === 0
  }

  /** Index in `ids` of the first record at or above an offset. */
  indexOf(offset: number): number {
    const offsets = this.#records.offset
    let [low, high] = [0, this.ids.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (offsets[this.ids[middle]!]! < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** @param wall the clock on the wall, in milliseconds */
  append(count: number, choice: Random, wall: number): void {
    const { keys, largest, oversized, window, deadly, lethal, delayMs } = this.#shape
    for (let i = 0; i < count; i++) {
      const word = choice.word()
      // Compaction leaves gaps, and so do transaction markers.
      if ((word & 15) === 0) this.end += 1 + ((word >>> 4) % 20)
      const key = ((word >>> 9) & 15) === 0 ? -1 : (word >>> 13) % keys
      const size = oversized && ((word >>> 20) & 63) === 0 ? window.maxBytes + 50 : 1 + ((word >>> 21) % largest)
      const record = {
        partition: this.index,
        offset: this.end,
        key,
        size,
        unprotected: this.end < this.#hazard,
        timestamp: delayMs === 0 ? -1 : timestampOf(choice, wall),
        kills: deadly + lethal > 0 ? victimOf(choice, deadly, lethal) : 'nobody',
      }
      this.ids.push(this.#records.add(record))
      this.end++
    }
    if (choice.percent(20)) this.end += choice.int(1, 4)
  }

  /** Everything from this offset on is gone, and others will be written there. */
  truncate(offset: number): void {
    this.#hazard = Math.max(this.#hazard, this.end)
    this.ids.length = this.indexOf(offset)
    this.end = offset
    this.start = Math.min(this.start, offset)
  }

  /** The topic was deleted and made anew. */
  recreate(): void {
    this.#hazard = Math.max(this.#hazard, this.end)
    this.ids = []
    this.start = 0
    this.end = 0
  }

  /** Records below the offset are deleted, as by retention. */
  retain(offset: number): void {
    this.ids.splice(0, this.indexOf(offset))
    this.start = offset
  }

  /** @returns the offset of the record that is compacted away */
  compact(index: number): number {
    return this.#records.offset[this.ids.splice(index, 1)[0]!]!
  }
}

/** Mostly now; some records are old, some claim to come from the future, and some say nothing. */
function timestampOf(choice: Random, wall: number): number {
  const chance = choice.below(100)
  if (chance < 60) return wall
  if (chance < 80) return wall - choice.below(5_000)
  return chance < 90 ? wall + choice.below(5_000) : -1
}

function victimOf(choice: Random, deadly: number, lethal: number): Victim {
  const chance = choice.below(100)
  return chance < deadly ? 'thread' : chance < deadly + lethal ? 'process' : 'nobody'
}

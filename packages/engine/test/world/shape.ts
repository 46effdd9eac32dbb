/** What a schedule is made of, all of it drawn from its seed: limits, threads, keys, and the partitions' logs. */
import { fmix32 } from '../../src/key-hash.js'
import type { SyntheticRecord } from './batch.js'
import type { Random } from './random.js'

/** One partition at the broker, and where this process stands in it. */
export interface Partition {
  readonly slot: number
  readonly log: readonly SyntheticRecord[]
  /** How often it was assigned to us: tells the report of an earlier drain apart. */
  tenure: number
  /** Where the log ends; beyond the last record when its tail holds none. */
  readonly end: number
  committed: number
  owned: boolean
  draining: boolean
  /** Index in the log of the next record to read. */
  next: number
  paused: boolean
  stored: number | undefined
}

export type Shape = ReturnType<typeof shapeOf>

export const nameOf = (partition: number) => ({ topic: 'orders', partition })

/** Where the first record at or above an offset is. */
export function indexOf(log: readonly SyntheticRecord[], offset: number): number {
  let [low, high] = [0, log.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (log[middle]!.offset < offset) low = middle + 1
    else high = middle
  }
  return low
}

export function shapeOf(random: Random) {
  const minMessages = random.int(2, 16)
  return {
    threads: random.int(1, 4),
    ordering: random.pick(['key', 'key', 'key', 'partition', 'none'] as const),
    affinity: random.pick(['hash', 'in-flight'] as const),
    concurrency: random.int(1, 4),
    partitions: random.int(1, 3),
    records: random.int(20, 90),
    keys: random.int(1, 10),
    window: { minMessages, maxMessages: minMessages * random.int(1, 4), maxBytes: random.int(100, 2_000) },
    spareRows: random.int(0, 8),
    maxUncommittedRecords: random.int(3, 120),
    /** Near where sequence numbers wrap, or at their beginning. */
    firstSequence: random.pick([0, 2 ** 31 - 40, -20]),
  }
}

export function partitionOf(slot: number, shape: Shape, random: Random): Partition {
  const log: SyntheticRecord[] = []
  let offset = 0
  for (let i = 0; i < shape.records; i++) {
    // Gaps: compaction and transaction markers.
    offset += random.chance(0.1) ? random.int(2, 30) : 1
    const size = random.chance(0.01) ? shape.window.maxBytes + 50 : random.int(1, 80)
    log.push({ slot, offset, hash: fmix32(random.int(1, shape.keys)), key: random.chance(0.9), size })
  }
  const end = offset + 1 + (random.chance(0.5) ? random.int(1, 5) : 0)
  return { slot, log, end, ...FRESH }
}

const FRESH = { tenure: 0, committed: 0, owned: false, draining: false, next: 0, paused: false, stored: undefined }

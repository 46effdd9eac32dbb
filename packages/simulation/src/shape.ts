/** The fixed sizes of a schedule, drawn from its seed within what its profile asks for. */
import type { Profile } from './profiles.js'
import type { Random } from './random.js'

export type Protocol = 'eager' | 'cooperative'

export interface Shape {
  readonly protocol: Protocol
  /** Processes at once, at most. */
  readonly members: number
  readonly threads: number
  readonly concurrency: number
  readonly ordering: 'key' | 'partition' | 'none'
  readonly affinity: 'hash' | 'in-flight'
  readonly partitions: number
  readonly keys: number
  /** Records that are written in the whole schedule, at most. */
  readonly records: number
  /** Bytes of an ordinary record, at most. */
  readonly largest: number
  /** Now and then one that is larger than the whole window. */
  readonly oversized: boolean
  readonly window: { readonly minMessages: number; readonly maxMessages: number; readonly maxBytes: number }
  readonly spareRows: number
  readonly maxUncommittedRecords: number
  readonly onExhausted: 'complete' | 'stop'
  readonly firstSequence: number
  /** Of a hundred handlers so many return no promise: their thread does nothing else meanwhile. */
  readonly syncHandlers: number
  readonly drainTimeoutMs: number
  readonly commitIntervalMs: number
  /** Of a hundred looks at a board, at so many the threads move on meanwhile. */
  readonly stir: number
  /** Readers notice by the leader's epoch that a log was truncated; else only when their position is beyond its end. */
  readonly validates: boolean
  /** Decisions with faults. */
  readonly decisions: number
}

export function shapeOf(profile: Profile, random: Random): Shape {
  const { shape } = profile
  const minMessages = random.int(...shape.window)
  return {
    protocol: random.pick(shape.protocols),
    members: random.int(...shape.members),
    threads: random.int(1, 3),
    concurrency: random.int(1, 3),
    ordering: random.pick(['key', 'key', 'key', 'key', 'partition', 'none']),
    affinity: random.pick(['hash', 'in-flight']),
    partitions: random.int(...shape.partitions),
    keys: random.int(1, 6),
    records: random.int(...shape.records),
    largest: random.int(20, 80),
    oversized: shape.oversized,
    window: { minMessages, maxMessages: minMessages * random.int(1, 3), maxBytes: random.int(...shape.bytes) },
    spareRows: random.int(0, 6),
    maxUncommittedRecords: random.int(3, 60),
    onExhausted: random.percent(15) ? 'stop' : 'complete',
    // Near where sequence numbers wrap, or at their beginning.
    firstSequence: random.pick([0, 0, 2 ** 31 - 30, -15]),
    syncHandlers: random.pick([0, 50, 100]),
    drainTimeoutMs: random.pick([100, 1_000, 1_000]),
    commitIntervalMs: random.pick([0, 150, 500]),
    stir: random.pick([0, 20, 40]),
    validates: random.percent(50),
    decisions: random.int(...shape.decisions),
  }
}

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
  /** Records that a handler is given at once, at most; 0: it takes them one by one. */
  readonly batchSize: number
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
  /** Of a hundred partitions so many have a commit from before, which tells of records above it that are finished. */
  readonly taken: number
  readonly window: { readonly minMessages: number; readonly maxMessages: number; readonly maxBytes: number }
  readonly spareRows: number
  readonly maxUncommittedRecords: number
  readonly onExhausted: 'complete' | 'stop'
  /** How often a record is tried. */
  readonly attempts: number
  readonly deadLetters: boolean
  readonly circuit: { readonly after: number; readonly forMs: number; readonly scope: 'work' | 'partition' } | undefined
  /** A record starts so many milliseconds after its timestamp, or later. */
  readonly delayMs: number
  /** Of a hundred handlers so many fail by themselves. */
  readonly failing: number
  /** Of a hundred records so many kill the thread that runs them. */
  readonly deadly: number
  /** Of a hundred records so many kill the whole process that runs them; only where that is counted. */
  readonly lethal: number
  /** At so many deaths of a process in which it ran a record is condemned; undefined: nobody counts. */
  readonly processDeathLimit: number | undefined
  readonly flood: { readonly maxRatio: number; readonly window: number } | undefined
  /** Of a hundred failures so many want no dead letter, and so many are not to be counted. */
  readonly flaggedFailures: number
  /** Engines are asked to tell of each completion. */
  readonly reportCompletions: boolean
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
  const { retries, deadLetters, circuits, delays, failing, deadly, journals, floods } = shape.failures
  const hasCircuit = random.percent(circuits)
  const hasJournal = random.percent(journals)
  const hasLetters = random.percent(deadLetters)
  // What a circuit has counted before the work stops is told to nobody.
  const hasFlood = hasLetters && !hasCircuit && random.percent(floods)
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
    taken: shape.taken,
    window: { minMessages, maxMessages: minMessages * random.int(1, 3), maxBytes: random.int(...shape.bytes) },
    spareRows: random.int(0, 6),
    maxUncommittedRecords: random.int(3, 60),
    onExhausted: random.percent(15) ? 'stop' : 'complete',
    attempts: random.percent(retries) ? random.int(2, 3) : 1,
    deadLetters: hasLetters,
    circuit: hasCircuit ? circuitOf(random) : undefined,
    delayMs: random.percent(delays) ? random.int(100, 1_500) : 0,
    // A story with a guard against floods forgives all failures once it is calm: it needs many before that.
    failing: hasFlood ? random.int(failing, 95) : random.below(failing + 1),
    deadly: random.below(deadly + 1),
    lethal: hasJournal ? random.below(deadly + 1) : 0,
    processDeathLimit: hasJournal ? random.int(1, 2) : undefined,
    flood: hasFlood ? { maxRatio: random.pick([0.1, 0.5]), window: random.int(2, 8) } : undefined,
    flaggedFailures: random.pick([0, 0, 15]),
    // The references of a circuit and of the flood guard count what they are told.
    reportCompletions: random.percent(30) || hasCircuit || hasFlood,
    // Near where sequence numbers wrap, or at their beginning.
    firstSequence: random.pick([0, 0, 2 ** 31 - 30, -15]),
    syncHandlers: random.pick([0, 50, 100]),
    drainTimeoutMs: random.pick([100, 1_000, 1_000]),
    commitIntervalMs: random.pick([0, 150, 500]),
    stir: random.pick([0, 20, 40]),
    validates: random.percent(50),
    decisions: random.int(...shape.decisions),
    // Last, and without a draw where there are none: the schedules of other profiles stay what they are.
    batchSize: shape.batches === undefined ? 0 : random.int(...shape.batches),
  }
}

function circuitOf(random: Random): Shape['circuit'] {
  return { after: random.int(1, 3), forMs: random.int(150, 900), scope: random.pick(['work', 'partition']) }
}

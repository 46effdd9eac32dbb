import type { RecordBatch } from './record-batch.js'

const NONE = -1

/**
 * Every record between the reader and its end, as columns. A row's index is the delivery ticket: it names the record on
 * the thread's board and in acks, and is reused once the record has ended. The sequence number, new for each delivery,
 * tells a late ack of an earlier use apart.
 *
 * Rows are public typed arrays because every event of every record goes through them.
 */
export class InFlightTable<Batch extends RecordBatch> {
  readonly capacity: number
  /** The bytes: kept until the record ends, for redelivery. */
  readonly batch: (Batch | undefined)[]
  readonly index: Int32Array
  readonly slot: Int32Array
  readonly epoch: Int32Array
  readonly offset: Float64Array
  readonly trackerPosition: Int32Array
  readonly keyHash: Uint32Array
  /** 1 where the key is not null. */
  readonly hasKey: Uint8Array
  readonly size: Int32Array
  /** Not to be started before, on the wall clock in milliseconds. */
  readonly due: Float64Array
  /** 1 for the first; one more for each attempt that failed, or in which it killed its thread. */
  readonly attempt: Int32Array
  /** How the record has to be run (see `Care`). */
  readonly care: Uint8Array
  /** The first attempt that tells a circuit breaker something: those before had started when it opened. */
  readonly countsFrom: Int32Array
  readonly phase: Uint8Array
  /** The thread the record is pinned to, from routing to its end. */
  readonly thread: Int32Array
  /** Number of the delivery, ascending in dispatch order; 0 before the first. */
  readonly sequence: Int32Array
  readonly #free: Int32Array
  #freeCount: number

  constructor(capacity: number) {
    this.capacity = capacity
    this.batch = new Array(capacity).fill(undefined)
    this.index = new Int32Array(capacity)
    this.slot = new Int32Array(capacity)
    this.epoch = new Int32Array(capacity)
    this.offset = new Float64Array(capacity)
    this.trackerPosition = new Int32Array(capacity)
    this.keyHash = new Uint32Array(capacity)
    this.hasKey = new Uint8Array(capacity)
    this.size = new Int32Array(capacity)
    this.due = new Float64Array(capacity)
    this.attempt = new Int32Array(capacity)
    this.care = new Uint8Array(capacity)
    this.countsFrom = new Int32Array(capacity)
    this.phase = new Uint8Array(capacity)
    this.thread = new Int32Array(capacity)
    this.sequence = new Int32Array(capacity)
    this.#free = Int32Array.from({ length: capacity }, (_, i) => capacity - 1 - i)
    this.#freeCount = capacity
  }

  get free(): number {
    return this.#freeCount
  }

  /** @throws RangeError when the table is full: the reader was asked for more than there is room for. */
  take(): number {
    if (this.#freeCount === 0) throw new RangeError(`more than ${this.capacity} records in flight`)
    return this.#free[--this.#freeCount]!
  }

  /** The record has ended: its batch need not keep it any more, and the row may be used again. */
  release(ticket: number): void {
    const batch = this.batch[ticket]
    this.phase[ticket] = Phase.free
    this.batch[ticket] = undefined
    if (batch !== undefined && --batch.live === 0) batch.release()
    this.#free[this.#freeCount++] = ticket
  }

  /** Rows of records that a thread runs or may still run, in no order. */
  dispatched(): number[] {
    const rows: number[] = []
    for (let row = this.nextDispatched(NONE); row !== NONE; row = this.nextDispatched(row)) rows.push(row)
    return rows
  }

  /**
   * The first of these rows behind this one, -1 for none; begin with -1. For those who look at all of them ten times a
   * second: a generator's object for each was most of what main allocated.
   */
  nextDispatched(row: number): number {
    for (let next = row + 1; next < this.capacity; next++) if (this.phase[next] === Phase.dispatched) return next
    return NONE
  }

  /** Rows that a thread has not let go of, abandoned ones too, in the order in which they were sent. */
  sentTo(thread: number): number[] {
    const { phase, thread: pinned, sequence } = this
    const rows: number[] = []
    for (let ticket = 0; ticket < this.capacity; ticket++) {
      if (phase[ticket]! >= Phase.dispatched && pinned[ticket] === thread) rows.push(ticket)
    }
    // A difference of 32 bits: sequence numbers wrap.
    return rows.sort((a, b) => (sequence[a]! - sequence[b]!) | 0)
  }
}

/**
 * free → waiting (for its time, or for the window) → moving, now and then (its key goes to another thread) → routed (to a
 * thread, not yet sent) → dispatched → free, or → deadLettering (the thread has let go of it, its offset is open until the
 * dead letter is written) → free. Abandoned: its partition was cut before the thread started it; the row stays until the
 * thread lets go of the ticket, but nobody waits for it.
 */
export const Phase = {
  free: 0,
  waiting: 1,
  moving: 2,
  routed: 3,
  deadLettering: 4,
  dispatched: 5,
  abandoned: 6,
} as const

/**
 * How a record has to be run. `alone`: nothing else runs in the whole process meanwhile, because it may have killed the one
 * before. `never`: it is condemned, and fails when its turn comes.
 */
export const Care = { none: 0, alone: 1, never: 2 } as const

/** As `countsFrom`: nothing that becomes of the record tells anything. */
export const NEVER = 0x7fff_ffff

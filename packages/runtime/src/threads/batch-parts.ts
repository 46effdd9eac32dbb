/** What the parts of a batch lane share: which handler, the executor's own parts, and who has to be tried alone. */
import type { KeyedQueue, TopicPartition } from '@zk/engine'
import type { BatchProcessor } from '../processor-types.js'
import type { AroundDelivery } from './batch-context.js'
import type { BoardWriter } from './board.js'
import type { CrashMarks } from './crash-journal.js'
import type { DeliveryContext, Surroundings } from './delivery-context.js'
import type { DeliveryEnds } from './delivery-ends.js'
import type { HandBack } from './hand-back.js'
import type { HeldStarts } from './held-starts.js'
import type { LaneMeter } from './lane-meter.js'
import type { ReceivedRecords } from './received-records.js'
import type { RetryPolicy } from './retries.js'

/** How a processor takes batches. */
export interface BatchHandling {
  processor: BatchProcessor<unknown>
  /** Hooks and spans, the outermost first. */
  around: readonly AroundDelivery[]
  maxSize: number
  /** In milliseconds; 0: a batch starts with what there is. */
  maxWaitMs: number
}

export interface BatchLaneOptions extends BatchHandling {
  surroundings: Surroundings
  board: BoardWriter
  queue: KeyedQueue
  records: ReceivedRecords
  handBack: HandBack
  held: HeldStarts
  ends: DeliveryEnds
  marks: CrashMarks | undefined
  retry: RetryPolicy
  /** Batches at once; `'auto'`: as many as the board says. */
  concurrency: number | 'auto'
  /** Hears of batches that end; undefined where `concurrency` is a number. */
  lanes: LaneMeter | undefined
  capacity: number
  /** Handlers that run and may be told something, by ticket. */
  contexts: (DeliveryContext | undefined)[]
  nameOf(slot: number): TopicPartition
  /** A handler goes on between turns of the event loop. */
  watchMemory(): void
  /** Something may start: a batch has ended, or its time has come. */
  pump(): void
}

/** Deliveries that are to be in batches of their own, as long as they are in this thread. */
export class AloneDeliveries {
  /** By ticket: their sequence numbers. */
  readonly #sequences: Int32Array

  constructor(capacity: number) {
    this.#sequences = new Int32Array(capacity)
  }

  add(ticket: number, sequence: number): void {
    this.#sequences[ticket] = sequence
  }

  has(ticket: number, sequence: number): boolean {
    return this.#sequences[ticket] === sequence
  }
}

/** They were published as running, and wait behind an earlier one of their key again. */
export function waitBehind(
  { board, queue, records }: Pick<BatchLaneOptions, 'board' | 'queue' | 'records'>,
  tickets: readonly number[],
): void {
  if (tickets.length === 0) return
  for (const ticket of tickets) board.unstart(ticket, board.attemptOf(ticket) !== records.attempt(ticket))
  queue.putBehind(records.key(tickets[0]!), tickets)
}

/** What a handler of batches gets beside its messages, and what the executor learns of its end. */
import { NO_KEY } from '@zk/engine/in-thread'
import { errors } from '../errors.js'
import type { Logger } from '../log/logger.js'
import type {
  AbortReason,
  BatchContext,
  Message,
  OutgoingRecord,
  ProcessContext,
  SendOptions,
  SentRecord,
} from '../processor-types.js'
import { abortError, DeliveryContext, type Surroundings } from './delivery-context.js'
import type { FrameMessage } from './message.js'
import { DeliverySends } from './sends.js'

/** Why a record has failed, whatever was thrown. */
export interface Fault {
  readonly error: unknown
}

/** Called as a delivery begins, before its value is decoded; what it gives back is called when the handler has ended. */
export type AroundDelivery = (message: Message<unknown>, ctx: DeliveryContext) => (fault: Fault | undefined) => void

/** One record of a batch. */
export interface BatchEntry {
  readonly ticket: number
  readonly sequence: number
  /** What it is serial with. */
  readonly key: number
  readonly message: FrameMessage<unknown>
  readonly context: BatchedDelivery
  /** Of hooks and spans around it. */
  readonly ends: ((fault: Fault | undefined) => void)[]
  /** Of this record alone: its bytes do not decode, the handler named it, or what was sent for it was not acknowledged. */
  fault: Fault | undefined
  /** It waits behind an earlier one of its key again. */
  isPutBack: boolean
}

export class RunningBatch implements BatchContext {
  readonly entries: BatchEntry[] = []
  /** On the thread's clock. */
  readonly started: number
  readonly #surroundings: Surroundings
  readonly #controller = new AbortController()
  #reason: AbortReason | undefined
  #sends: DeliverySends | undefined
  #byKey: Map<number, BatchEntry[]> | undefined
  #byMessage: Map<Message<unknown>, BatchEntry> | undefined
  #log: Logger | undefined

  constructor(surroundings: Surroundings, started: number) {
    this.#surroundings = surroundings
    this.started = started
  }

  // ── the handler's ──────────────────────────────────────────────────────────────────────────────────────────────

  get state(): unknown {
    return this.#surroundings.state
  }

  get virtualPartition(): number {
    return this.#surroundings.threadIndex
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get log(): Logger {
    const { message } = this.entries[0]!
    this.#log ??= this.#surroundings.logFor(message, message.offset)
    return this.#log
  }

  get deadline(): number | undefined {
    return this.entries[0]!.context.deadline
  }

  extendDeadline(ms: number): boolean {
    // Of each: whoever watches over deadlines knows records only.
    return this.entries.map(({ context }) => context.extendOwn(ms)).every((moved) => moved)
  }

  fail(message: Message<unknown>, error: unknown): void {
    this.#entryOf(message).fault ??= { error }
  }

  of(message: Message<unknown>): ProcessContext {
    return this.#entryOf(message).context
  }

  send(topic: string, record: OutgoingRecord<unknown>, options?: SendOptions<unknown>): Promise<SentRecord> {
    const { tracing } = this.#surroundings
    if (tracing === undefined) return this.#send(topic, record, options)
    return tracing.send(this.entries[0]!.context, topic, record, (traced) => this.#send(topic, traced, options))
  }

  // ── the executor's ─────────────────────────────────────────────────────────────────────────────────────────────

  /** What the handler is given: all but those whose bytes do not decode. */
  get messages(): Message<unknown>[] {
    return this.entries.flatMap(({ message, fault }) => (fault === undefined ? [message] : []))
  }

  /** Those of its key behind it. Listed once, because all of a large batch may have failed. */
  behind(entry: BatchEntry): readonly BatchEntry[] {
    if (entry.key === NO_KEY) return []
    this.#byKey ??= byKey(this.entries)
    const all = this.#byKey.get(entry.key)!
    return all.slice(all.indexOf(entry) + 1)
  }

  /** Why the handler was told to give up, for whichever of its records; undefined when it was not. */
  get abortReason(): AbortReason | undefined {
    return this.#reason
  }

  /** One of its records should be given up. */
  told(reason: AbortReason): void {
    if (this.#reason === undefined || this.#reason === 'timeout') this.#reason = reason
    const error = abortError(reason)
    this.#controller.abort(error)
    this.#sends?.abandon(error)
  }

  /**
   * The handler has ended: nothing may be sent any more.
   * @param settled called once all that it sent is answered, with what of the batch's was not acknowledged
   */
  endSends(settled: (fault: Fault | undefined) => void): void {
    let left = 1
    let failed: Fault | undefined
    const answered = () => {
      if (--left === 0) settled(failed)
    }
    for (const entry of this.entries) {
      if (entry.context.sends === undefined) continue
      left++
      entry.context.sends.end((error) => {
        if (error !== undefined) entry.fault ??= { error }
        answered()
      })
    }
    if (this.#sends === undefined) answered()
    else {
      this.#sends.end((error) => {
        if (error !== undefined) failed = { error }
        answered()
      })
    }
  }

  #send(topic: string, record: OutgoingRecord<unknown>, options?: SendOptions<unknown>): Promise<SentRecord> {
    if (this.#sends === undefined) {
      // In the name of the first: where its delivery is superseded, so is the batch that sends.
      const { ticket, sequence } = this.entries[0]!
      this.#sends = new DeliverySends(this.#surroundings.outbox, ticket, sequence)
      if (this.#reason !== undefined) this.#sends.abandon(abortError(this.#reason))
    }
    const format = options?.format
    if (format === undefined) return this.#sends.send(topic, record as OutgoingRecord)
    return this.#sends.sendEncoded(topic, record, format, this.#surroundings.openFormat)
  }

  #entryOf(message: Message<unknown>): BatchEntry {
    this.#byMessage ??= new Map(this.entries.map((entry) => [entry.message, entry]))
    const entry = this.#byMessage.get(message)
    if (entry === undefined) throw errors.ZK_BATCH_MESSAGE_UNKNOWN()
    return entry
  }
}

function byKey(entries: readonly BatchEntry[]): Map<number, BatchEntry[]> {
  const lists = new Map<number, BatchEntry[]>()
  for (const entry of entries) {
    const list = lists.get(entry.key)
    if (list === undefined) lists.set(entry.key, [entry])
    else list.push(entry)
  }
  return lists
}

/** The context of one record of a batch: what is said to one is said to the batch, and its deadline is the batch's. */
export class BatchedDelivery extends DeliveryContext {
  readonly #batch: RunningBatch

  constructor(
    surroundings: Surroundings,
    message: FrameMessage<unknown>,
    { ticket, sequence, attempt }: { ticket: number; sequence: number; attempt: number },
    batch: RunningBatch,
  ) {
    super(surroundings, message, ticket, sequence, attempt)
    this.#batch = batch
  }

  override abort(reason: AbortReason): void {
    super.abort(reason)
    this.#batch.told(reason)
  }

  override extendDeadline(ms: number): boolean {
    return this.#batch.extendDeadline(ms)
  }

  /** Of this record alone. */
  extendOwn(ms: number): boolean {
    return super.extendDeadline(ms)
  }
}

/**
 * Batches of one thread: when one starts, what is in it, and what becomes of its records.
 *
 * A batch may hold several records of one key, in their order; the key's next ones wait until it has ended. Each record is a
 * delivery of its own, on the board and for main: it is published as running, ends, fails and is tried again as one that runs
 * alone. Two things differ. A record that is to be tried again takes those of its key behind it along, whatever became of
 * them, or they would be finished before it. And where the handler throws, nobody knows whose fault it was: as after the
 * death of a thread in which several ran, each is tried alone, and that attempt is charged.
 *
 * A batch that is not full waits for more, at most `maxWaitMs`, and not at all once main has something to say (a cut, a permit
 * of a circuit) or will send nothing more for now (a record that has to be alone, a window that is nearly used up).
 */
import { performance } from 'node:perf_hooks'
import { type KeyedQueue, NO_KEY } from '@zk/engine'
import type { AbortReason, BatchProcessor } from '../processor-types.js'
import { type AroundDelivery, type BatchEntry, BatchedDelivery, type Fault, RunningBatch } from './batch-context.js'
import type { BoardWriter } from './board.js'
import type { CrashMarks } from './crash-journal.js'
import type { DeliveryContext, Surroundings } from './delivery-context.js'
import type { HandBack } from './hand-back.js'
import type { HeldStarts } from './held-starts.js'
import { FrameMessage } from './message.js'
import type { Preparations } from './preparations.js'
import type { DeliveryFailure } from './protocol.js'
import type { ReceivedRecords } from './received-records.js'
import { backoffMs, type ParkedRecords, type RetryPolicy } from './retries.js'
import type { RetryDecision } from './retry-decision.js'

/** As one that was never sent: it starts again like a record that has been begun. */
const NEVER_SENT = 0

/** How a processor takes batches. */
export interface BatchHandling {
  processor: BatchProcessor<unknown>
  /** Hooks and spans, the outermost first. */
  around: readonly AroundDelivery[]
  maxSize: number
  /** In milliseconds; 0: a batch starts with what there is. */
  maxWaitMs: number
}

/** What the executor does with a record, whatever it runs in. */
export interface DeliveryEnds {
  /** It must not start, and has ended. */
  mustNotStart(ticket: number, attempt: number, started: number): boolean
  /** Its format has to fetch something first, and it is parked. */
  mustWait(ticket: number, message: FrameMessage<unknown>, started: number): boolean
  end(ticket: number, outcome: 'done' | 'discarded', started: number): void
  /** @param beforeRetry called first where it is tried again or handed back, and not where it has failed for good */
  fail(ticket: number, error: unknown, cause: DeliveryFailure['cause'], started: number, beforeRetry: () => void): void
  /** Hands it back, and all that waits behind it. */
  giveUp(ticket: number, started: number): void
  /** Handlers that run and may be told something, by ticket. */
  contexts: (DeliveryContext | undefined)[]
  /** A handler goes on between turns of the event loop. */
  watchMemory(): void
  /** Something may start: a batch has ended, or its time has come. */
  pump(): void
}

export interface BatchLaneOptions extends BatchHandling {
  surroundings: Surroundings
  board: BoardWriter
  queue: KeyedQueue
  records: ReceivedRecords
  parked: ParkedRecords
  handBack: HandBack
  held: HeldStarts
  decision: RetryDecision
  preparations: Preparations | undefined
  marks: CrashMarks | undefined
  retry: RetryPolicy
  /** Batches at once. */
  concurrency: number
  capacity: number
  nameOf(slot: number): { topic: string; partition: number }
  ends: DeliveryEnds
}

export class BatchLane {
  readonly #options: BatchLaneOptions
  /** By ticket: the sequence number of a delivery that is to be in a batch of its own. */
  readonly #alone: Int32Array
  #inProgress = 0
  /** As many as are worth waiting for. */
  #fullAt: number
  /** Since when records wait for a batch to start, on the thread's clock. */
  #waitsSince: number | undefined
  #hurries = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: BatchLaneOptions) {
    this.#options = options
    this.#alone = new Int32Array(options.capacity)
    this.#fullAt = options.maxSize
    options.board.publishBatches()
  }

  /** @param flushAcks a quarter of what the window has for this thread, or 0: nothing follows what was sent */
  expect(flushAcks: number): void {
    // Half of it: the rest may be with main, which sends it only when some of this has ended.
    this.#fullAt = Math.max(1, Math.min(this.#options.maxSize, 2 * flushAcks))
  }

  /** What waits does not wait for company any longer. */
  hurry(): void {
    this.#hurries = true
  }

  /**
   * Starts a batch where one is due.
   * @param now the thread's `performance.now()` @returns whether another one may follow at once
   */
  start(now: number): boolean {
    if (!this.#isDue(now)) return false
    const waitedSince = this.#waitsSince
    const { queue } = this.#options
    const before = queue.ready
    const batch = this.#collect(now)
    // What is left may have waited as long.
    this.#waitsSince = queue.ready > 0 ? waitedSince : undefined
    this.#hurries &&= queue.ready > 0
    if (batch.entries.length === 0) return queue.ready > 0 && queue.ready < before
    this.#run(batch)
    return true
  }

  // ── starts ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #isDue(now: number): boolean {
    const { queue, maxWaitMs, concurrency } = this.#options
    if (queue.ready === 0) {
      this.#hurries = false
      this.#waitsSince = undefined
      return false
    }
    this.#waitsSince ??= now
    if (this.#inProgress >= concurrency) return false
    const left = this.#waitsSince + maxWaitMs - now
    if (left <= 0 || this.#hurries || queue.queued >= this.#fullAt) return true
    this.#timer ??= setTimeout(this.#onTimer, Math.ceil(left))
    return false
  }

  readonly #onTimer = () => {
    this.#timer = undefined
    this.#options.ends.pump()
  }

  #collect(started: number): RunningBatch {
    const { queue, records, board, held, maxSize, surroundings } = this.#options
    const batch = new RunningBatch(surroundings, started)
    const { entries } = batch
    /** Keys of which more may follow. */
    let keys: number[] = []
    while (entries.length < maxSize && !held.all) {
      const ticket = queue.take()
      if (ticket < 0) break
      // A circuit's probe is one record, too.
      const isAlone = this.#isAlone(ticket) || !board.areStartsFree(records.slot(ticket))
      if (isAlone && entries.length > 0) {
        queue.putBack(ticket)
        break
      }
      const entry = this.#admit(ticket, batch, false)
      if (entry === undefined) continue
      entries.push(entry)
      if (isAlone) return batch
      if (entry.key !== NO_KEY && entry.fault === undefined) keys.push(entry.key)
    }
    while (keys.length > 0 && entries.length < maxSize) keys = keys.filter((key) => this.#follows(key, batch))
    // As they were sent: in the order of each key, and of each partition but for what was tried before.
    entries.sort((a, b) => (a.sequence - b.sequence) | 0)
    return batch
  }

  /** Takes the next of the key into the batch. @returns whether another may follow */
  #follows(key: number, batch: RunningBatch): boolean {
    const { queue, maxSize } = this.#options
    const { entries } = batch
    if (entries.length >= maxSize) return false
    const ticket = queue.takeBehind(key)
    if (ticket < 0) return false
    if (this.#isAlone(ticket)) {
      queue.putBehind(key, [ticket])
      return false
    }
    const entry = this.#admit(ticket, batch, true)
    if (entry === undefined) return false
    entries.push(entry)
    return entry.fault === undefined
  }

  /** @returns undefined where it does not start now */
  #admit(ticket: number, batch: RunningBatch, isBehind: boolean): BatchEntry | undefined {
    const { records, board, handBack, held, preparations, marks, surroundings, processor, ends } = this.#options
    const frame = records.frame(ticket)
    const i = records.place(ticket)
    const slot = frame.slot(i)
    const sequence = frame.sequence(i)
    const attempt = board.start(ticket, slot, frame.epoch(i), frame.offset(i), batch.started)
    const isUsual = attempt === frame.attempt(i) && !handBack.refuses
    if (!isUsual && ends.mustNotStart(ticket, attempt, batch.started)) return undefined
    const name = this.#options.nameOf(slot)
    let message = new FrameMessage(frame, i, name, processor.format)
    if (isBehind && this.#cannotFollow(ticket, slot, message)) return undefined
    if (!isBehind && preparations !== undefined && ends.mustWait(ticket, message, batch.started)) return undefined
    if (!board.mayStart(slot)) {
      if (isBehind) this.#putBehind(ticket)
      else held.hold(ticket, slot, attempt !== frame.attempt(i))
      return undefined
    }
    const refusing = preparations?.take(ticket, sequence)
    if (refusing !== undefined) message = new FrameMessage(frame, i, name, refusing)
    marks?.begin(ticket, slot, message.offset)
    const context = new BatchedDelivery(surroundings, message, { ticket, sequence, attempt }, batch)
    const beginnings = this.#options.around.map((begin) => begin(message, context))
    return {
      ...{ ticket, sequence, key: records.key(ticket), message, context, isPutBack: false },
      ends: beginnings.reverse(),
      fault: this.#faultOf(message),
    }
  }

  /** Bytes that do not decode are a failure of their record; the others go on. */
  #faultOf(message: FrameMessage<unknown>): Fault | undefined {
    try {
      if (this.#options.processor.format !== undefined) message.value
      return undefined
    } catch (error) {
      return { error }
    }
  }

  /** Its format has to fetch something: it waits for that once it is the first of its key. */
  #cannotFollow(ticket: number, slot: number, message: FrameMessage<unknown>): boolean {
    const { preparations, records } = this.#options
    if (preparations?.look(ticket, records.sequence(ticket), slot, message.rawValue) === undefined) return false
    preparations.forget(ticket)
    this.#putBehind(ticket)
    return true
  }

  /** It was published as running, and waits behind an earlier one of its key again. */
  #putBehind(...tickets: number[]): void {
    const { board, queue, records } = this.#options
    for (const ticket of tickets) board.unstart(ticket, board.attemptOf(ticket) !== records.attempt(ticket))
    queue.putBehind(records.key(tickets[0]!), tickets)
  }

  #isAlone(ticket: number): boolean {
    return this.#alone[ticket] === this.#options.records.sequence(ticket)
  }

  // ── ends ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #run(batch: RunningBatch): void {
    const { board, processor, ends } = this.#options
    this.#inProgress++
    for (const { ticket, context } of batch.entries) ends.contexts[ticket] = context
    const { messages } = batch
    let result: unknown
    let isPromise: boolean
    try {
      result = messages.length === 0 ? undefined : processor.processBatch(messages, batch)
      isPromise = typeof (result as PromiseLike<unknown> | undefined)?.then === 'function'
    } catch (error) {
      board.leaveStack()
      this.#settled(batch, { error })
      return
    }
    board.leaveStack()
    if (!isPromise) {
      this.#settled(batch, undefined)
      return
    }
    ends.watchMemory()
    // Resolved, because a foreign thenable may settle twice.
    void Promise.resolve(result).then(
      () => this.#settled(batch, undefined),
      (error: unknown) => this.#settled(batch, { error }),
    )
  }

  #settled(batch: RunningBatch, thrown: Fault | undefined): void {
    batch.endSends((failedSend) => {
      this.#end(batch, thrown ?? failedSend)
      this.#inProgress--
      this.#options.ends.pump()
    })
  }

  /** @param thrown of the whole batch */
  #end(batch: RunningBatch, thrown: Fault | undefined): void {
    const { ends } = this.#options
    const { entries } = batch
    const now = performance.now()
    // Each has its share, or the sum would be a multiple of the time that there was.
    const from = now - (now - batch.started) / entries.length
    for (const { ticket, ends: around, fault = thrown } of entries) {
      ends.contexts[ticket] = undefined
      for (const end of around) end(fault)
    }
    const nobodyKnows = thrown !== undefined && entries.length > 1 && this.#mayBeInnocent(batch, thrown)
    for (const [i, { ticket, context, fault, isPutBack }] of entries.entries()) {
      if (isPutBack) continue
      const { error } = fault ?? thrown ?? {}
      if (fault === undefined && thrown === undefined) ends.end(ticket, 'done', from)
      else if (isUnwanted(context.abortReason)) {
        this.#putBackBehind(i, entries)
        ends.giveUp(ticket, from)
      } else if (fault === undefined && nobodyKnows) this.#tryAlone(i, batch, from)
      else {
        const cause = fault === undefined && context.abortReason === 'timeout' ? 'timeout' : 'error'
        ends.fail(ticket, error, cause, from, () => this.#putBackBehind(i, entries))
      }
    }
  }

  /** What was thrown says nothing of any one record. */
  #mayBeInnocent({ entries, abortReason }: RunningBatch, { error }: Fault): boolean {
    // Told to give up for some of its records, it has for all.
    if (isUnwanted(abortReason)) return true
    const { decision, surroundings } = this.#options
    const { message } = entries[0]!
    const log = () => surroundings.logFor(message, message.offset)
    if (!decision.judge(error, true, log).retryable) return false
    const fields = { err: error, messages: entries.length }
    decision.warn(fields, 'A batch failed as a whole; its messages are tried one by one', performance.now(), log)
    // Those too that wait behind an earlier one of their key.
    for (const { ticket, sequence, fault } of entries) if (fault === undefined) this.#alone[ticket] = sequence
    return true
  }

  /** It is tried in a batch of its own, and charged nothing. */
  #tryAlone(i: number, { entries, abortReason }: RunningBatch, from: number): void {
    const { board, handBack, marks, parked, queue, records, retry, ends } = this.#options
    const { ticket, key } = entries[i]!
    this.#putBackBehind(i, entries)
    if (handBack.isClosing(records.slot(ticket), records.epoch(ticket))) {
      ends.giveUp(ticket, from)
      return
    }
    // Given up for others of the batch, it has not failed.
    const backoff = isUnwanted(abortReason) ? 0 : backoffMs(retry, board.attemptOf(ticket))
    const due = performance.now() + backoff
    board.postpone(ticket, due)
    queue.park(key)
    marks?.end(ticket)
    records.keepAlone(ticket, NEVER_SENT)
    parked.add(ticket, due)
  }

  /** Those of its key behind it wait behind it again: none may be finished before it. */
  #putBackBehind(i: number, entries: BatchEntry[]): void {
    const { marks, records } = this.#options
    const { key } = entries[i]!
    if (key === NO_KEY) return
    const tickets: number[] = []
    for (const entry of entries.slice(i + 1)) {
      if (entry.key !== key || entry.isPutBack) continue
      entry.isPutBack = true
      tickets.push(entry.ticket)
      marks?.end(entry.ticket)
      records.keepAlone(entry.ticket)
    }
    if (tickets.length > 0) this.#putBehind(...tickets)
  }
}

/** The result is not wanted, whatever it is. */
function isUnwanted(reason: AbortReason | undefined): boolean {
  return reason !== undefined && reason !== 'timeout'
}

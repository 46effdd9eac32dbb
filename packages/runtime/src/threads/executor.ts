/**
 * Runs the handler over the records of one thread. This is the hot path of the thread side: no object but the message
 * and its context is made for a handler that returns no promise, and nothing is awaited.
 */
// The global of the same name is a getter, which every record would pay for.
import { performance } from 'node:perf_hooks'
import type { Ordering, TopicPartition } from '@zk/engine'
import { FailureFlag, KeyedQueue, Outcome } from '@zk/engine/in-thread'
import type { Format } from '@zk/formats'
import { BufferGarbage } from '../buffer-garbage.js'
import { describeError } from '../describe-error.js'
import type { Logger } from '../log/logger.js'
import type { AbortReason, BatchProcessor, Processor } from '../processor-types.js'
import { AckBuffer } from './ack-buffer.js'
import { type BatchHandling, BatchLane } from './batch-lane.js'
import type { BoardWriter } from './board.js'
import type { CrashMarks } from './crash-journal.js'
import { DeliveryContext, type Surroundings } from './delivery-context.js'
import { ExternalMemory } from './external-memory.js'
import { Frame } from './frame.js'
import { HandBack } from './hand-back.js'
import { HeldStarts } from './held-starts.js'
import { FrameMessage } from './message.js'
import { Preparations } from './preparations.js'
import type { DeliveryFailure } from './protocol.js'
import { ReceivedRecords } from './received-records.js'
import { backoffMs, ParkedRecords, type RetryPolicy } from './retries.js'
import { RetryDecision } from './retry-decision.js'

/** How often a missing pulse is looked for, in milliseconds. */
const PULSE_LOOK_MS = 20
/**
 * Handlers that return no promise follow each other without a turn of the event loop. While others wait for theirs, the loop
 * gets a turn after so many ms: or their promises could not go on, and their deadlines would pass unheard.
 */
const TURN_MS = 20

/** No attempt: a record that waited for its format starts again with the one that it was sent with, and counts as begun. */
const NEVER_SENT = 0

/** What a handler threw or rejected with. */
type Failure = { error: unknown } | undefined

export interface ExecutorOptions extends Surroundings {
  processor: Processor<unknown> | BatchProcessor<unknown>
  /** Where it takes its messages in batches. */
  batches?: BatchHandling | undefined
  /** Its `process` looks at `message.value` itself, because hooks or a span come before. */
  decodesItself?: boolean
  concurrency: number
  ordering: Ordering
  capacity: number
  stopOnFailure: boolean
  deadLetters: boolean
  retry: RetryPolicy
  /** Records of one partition may be held back while others start. */
  circuitPerPartition: boolean
  maxExternalMb: number | undefined
  /** Undefined without a crash journal. */
  marks: CrashMarks | undefined
  post(acks: ArrayBuffer, failures: DeliveryFailure[]): void
  /** Answers a `timeout`. */
  heard(ticket: number, sequence: number): void
}

export class Executor {
  readonly #options: ExecutorOptions
  readonly #board: BoardWriter
  readonly #queue: KeyedQueue
  readonly #marks: CrashMarks | undefined
  readonly #acks: AckBuffer
  readonly #records: ReceivedRecords
  readonly #parked: ParkedRecords
  readonly #handBack: HandBack
  readonly #held: HeldStarts
  readonly #decision: RetryDecision
  /** Undefined where the format has nothing to fetch. */
  readonly #preparations: Preparations | undefined
  readonly #garbage = new BufferGarbage()
  readonly #external: ExternalMemory
  /** Undefined where the handler takes messages one by one. */
  readonly #batches: BatchLane | undefined
  readonly #names: TopicPartition[] = []
  /** By ticket, for handlers that returned a promise. */
  readonly #contexts: (DeliveryContext | undefined)[]
  #pumping = false
  /** Nothing starts any more: the thread is about to be ended. */
  #retired = false
  /** For the pulse of main. */
  #waiting: NodeJS.Timeout | undefined
  /** For a turn of the event loop. */
  #turning: NodeJS.Immediate | undefined

  constructor(options: ExecutorOptions) {
    const { batches, board, capacity, concurrency, ordering, retry } = options
    this.#options = options
    this.#board = board
    this.#marks = options.marks
    // A record that waits must not be overtaken, not even where one lane keeps the order by itself.
    const { format } = options.processor
    const mayWait = retry.attempts > 1 || options.circuitPerPartition || format?.prepareDecode !== undefined
    // Of batches the lane counts how many run.
    const lanes = batches === undefined ? concurrency : Number.POSITIVE_INFINITY
    this.#queue = new KeyedQueue(lanes, lanes > 1 || mayWait)
    this.#acks = new AckBuffer((acks, failures) => {
      this.#publish(performance.now())
      options.post(acks, failures)
    })
    this.#records = new ReceivedRecords(capacity, ordering)
    this.#parked = new ParkedRecords(capacity, () => this.#pump())
    this.#handBack = new HandBack({
      ...{ board, queue: this.#queue, records: this.#records, parked: this.#parked },
      discard: (ticket) => {
        board.end(ticket, 'discarded')
        this.#acks.add(ticket, this.#records.sequence(ticket), Outcome.discarded, 0)
        this.#records.delete(ticket)
        const now = performance.now()
        if (this.#acks.isDue(now)) this.#acks.flush(now)
      },
    })
    this.#held = new HeldStarts(board, this.#queue, this.#records)
    this.#decision = new RetryDecision(options.processor)
    this.#preparations = format?.prepareDecode === undefined ? undefined : this.#preparationsOf(format)
    this.#external = new ExternalMemory(board, options.maxExternalMb)
    this.#contexts = new Array(capacity).fill(undefined)
    this.#batches = batches === undefined ? undefined : this.#laneOf(batches)
  }

  name(slot: number, name: TopicPartition): void {
    this.#names[slot] = name
    this.#marks?.name(slot, name)
    this.#preparations?.name(slot, name.topic)
  }

  /** @param values of its records, where hooks have given some */
  accept(buffer: ArrayBuffer, values?: ArrayBuffer): void {
    this.#garbage.expect(buffer.byteLength, performance.now())
    const frame = new Frame(buffer, values)
    this.#acks.limit(frame.flushAcks)
    this.#batches?.expect(frame.flushAcks)
    for (let i = 0; i < frame.count; i++) {
      const ticket = frame.ticket(i)
      this.#records.set(ticket, frame, i)
      this.#queue.push(this.#records.key(ticket), ticket)
    }
    this.#pump()
  }

  /** Running handlers of these partitions should give up. */
  abort(slots: readonly number[], reason: Exclude<AbortReason, 'timeout'>): void {
    for (const [ticket, context] of this.#contexts.entries()) {
      if (context !== undefined && slots.includes(this.#records.slot(ticket))) context.abort(reason)
    }
  }

  /** The deadline of a delivery has passed, as main sees it. */
  timeout(ticket: number, sequence: number): void {
    this.#options.heard(ticket, sequence)
    const context = this.#contexts[ticket]
    if (context === undefined || !this.#records.has(ticket, sequence)) return
    // The message may have met the attempt after the one that it is about, or a deadline that has moved meanwhile.
    if (context.isOverdue) context.abort('timeout')
  }

  /** Nothing starts any more, and what fails is not tried again here: the board says what is due, to the next thread. */
  retire(): void {
    this.#retired = true
  }

  /** Main has held starts or let them go, or has cut partitions. */
  wake(): void {
    this.#held.letGo()
    this.#handBack.closing()
    this.#batches?.hurry()
    this.#pump()
    if (!this.#acks.isEmpty) this.#acks.flush(performance.now())
  }

  readonly #pump = (): void => {
    if (this.#pumping) return
    this.#pumping = true
    const began = performance.now()
    let now = began
    this.#acks.resume(now)
    this.#held.all = false
    if (this.#batches !== undefined) now = this.#startBatches(this.#batches, began)
    else {
      while (!this.#held.all && this.#mayStart(now)) {
        if (now >= this.#parked.earliest) this.#unparkDue(now)
        const ticket = this.#queue.take()
        if (ticket < 0) break
        // Apart, so that V8 has room to inline into both.
        now = this.#run(ticket, now) ? this.#end(ticket, 'done', now) : performance.now()
        if (now - began >= TURN_MS && this.#queue.running > 0) {
          this.#turning ??= setImmediate(this.#turned)
          break
        }
      }
    }
    this.#pumping = false
    this.#marks?.settle()
    this.#publish(now)
    if (this.#acks.isEmpty) return
    if (this.#queue.running === 0) this.#acks.flush(now)
    else this.#acks.flushSoon()
  }

  #startBatches(batches: BatchLane, began: number): number {
    let now = began
    while (!this.#held.all && this.#mayStart(now)) {
      if (now >= this.#parked.earliest) this.#unparkDue(now)
      if (!batches.start(now)) break
      now = performance.now()
      if (now - began >= TURN_MS && this.#queue.running > 0) {
        this.#turning ??= setImmediate(this.#turned)
        break
      }
    }
    return now
  }

  readonly #isAnyRunning = (): boolean => this.#queue.running > 0

  readonly #turned = () => {
    this.#turning = undefined
    this.#pump()
  }

  #mayStart(now: number): boolean {
    if (this.#board.isStale(now)) {
      // It is looked at again soon.
      this.#waiting ??= setTimeout(this.#waited, PULSE_LOOK_MS)
      return false
    }
    return !this.#retired
  }

  readonly #waited = () => {
    this.#waiting = undefined
    this.#pump()
  }

  /** @returns whether the record is done; if not, it has ended otherwise, or its promise is pending */
  #run(ticket: number, started: number): boolean {
    const frame = this.#records.frame(ticket)
    const i = this.#records.place(ticket)
    const slot = frame.slot(i)
    const attempt = this.#board.start(ticket, slot, frame.epoch(i), frame.offset(i), started)
    const isUsual = attempt === frame.attempt(i) && !this.#handBack.refuses
    if (!isUsual && this.#mustNotStart(ticket, attempt, started)) return false
    const { processor, decodesItself } = this.#options
    let message = new FrameMessage(frame, i, this.#names[slot]!, processor.format)
    // Before a circuit's permit is taken: a record that waits for its format is no probe.
    if (this.#preparations !== undefined && this.#mustWait(this.#preparations, ticket, message, started)) return false
    if (!this.#board.mayStart(slot)) {
      this.#held.hold(ticket, slot, attempt !== frame.attempt(i))
      return false
    }
    const refusing = this.#preparations?.take(ticket, frame.sequence(i))
    if (refusing !== undefined) message = new FrameMessage(frame, i, this.#names[slot]!, refusing)
    const context = new DeliveryContext(this.#options, message, ticket, frame.sequence(i), attempt)
    let result: unknown
    let isPromise: boolean
    this.#marks?.begin(ticket, slot, message.offset)
    try {
      // Decoded before the handler is called: bytes that do not decode are a failure of the record, not of its code.
      if (processor.format !== undefined && decodesItself !== true) message.value
      result = processor.process!(message, context)
      isPromise = typeof (result as PromiseLike<unknown> | undefined)?.then === 'function'
    } catch (error) {
      this.#board.leaveStack()
      if (context.sends !== undefined) return this.#returned(ticket, context, started, { error })
      this.#fail(ticket, error, 'error', started)
      return false
    }
    if (isPromise) this.#await(ticket, result, context, started)
    else if (context.sends !== undefined) return this.#returned(ticket, context, started, undefined)
    return !isPromise
  }

  #mustNotStart(ticket: number, attempt: number, started: number): boolean {
    const slot = this.#records.slot(ticket)
    const epoch = this.#records.epoch(ticket)
    if (attempt === 0 || this.#handBack.isRefused(ticket, slot, epoch)) {
      this.#end(ticket, 'discarded', started)
      return true
    }
    // After "running" was published: either main sees it, or the cut is seen here.
    if (attempt === this.#records.attempt(ticket) || !this.#handBack.isClosing(slot, epoch)) return false
    this.#giveUp(ticket, started)
    return true
  }

  #mustWait(preparations: Preparations, ticket: number, message: FrameMessage<unknown>, started: number): boolean {
    const slot = this.#records.slot(ticket)
    const patience = preparations.look(ticket, this.#records.sequence(ticket), slot, message.rawValue)
    if (patience === undefined) return false
    this.#board.leaveStack()
    // After "running" was published: either main sees it, or the cut is seen here.
    if (this.#handBack.isClosing(slot, this.#records.epoch(ticket))) {
      this.#giveUp(ticket, started)
      return true
    }
    const due = performance.now() + patience
    this.#board.postpone(ticket, due)
    this.#queue.park(this.#records.key(ticket))
    this.#records.keepAlone(ticket, NEVER_SENT)
    this.#parked.add(ticket, due)
    return true
  }

  #await(ticket: number, result: unknown, context: DeliveryContext, started: number): void {
    this.#board.leaveStack()
    this.#contexts[ticket] = context
    this.#external.lookWhile(this.#isAnyRunning)
    // Resolved, because a foreign thenable may settle twice, and the ticket is another record's by then.
    void Promise.resolve(result).then(
      () => this.#settled(ticket, started, undefined),
      (error: unknown) => this.#settled(ticket, started, { error }),
    )
  }

  /** A handler that returned no promise has sent something. */
  #returned(ticket: number, context: DeliveryContext, started: number, failure: Failure): false {
    this.#board.leaveStack()
    this.#contexts[ticket] = context
    this.#settled(ticket, started, failure)
    return false
  }

  /** The handler has ended; its delivery does once all that it sent is answered. It keeps lane and key until then. */
  #settled(ticket: number, started: number, failure: Failure): void {
    const { sends } = this.#contexts[ticket]!
    if (sends === undefined) this.#ended(ticket, started, failure)
    else sends.end((error) => this.#ended(ticket, started, failure ?? (error === undefined ? undefined : { error })))
  }

  #ended(ticket: number, started: number, failure: Failure): void {
    const { abortReason } = this.#contexts[ticket]!
    this.#contexts[ticket] = undefined
    if (failure === undefined) this.#end(ticket, 'done', started)
    else if (abortReason === undefined) this.#fail(ticket, failure.error, 'error', started)
    else if (abortReason === 'timeout') this.#fail(ticket, failure.error, 'timeout', started)
    // It was told that its result is not wanted: giving up is no failure of the record, which is read again.
    else this.#end(ticket, 'discarded', started)
    this.#pump()
  }

  // ── failures ───────────────────────────────────────────────────────────────────────────────────────────────────

  #fail(
    ticket: number,
    error: unknown,
    cause: DeliveryFailure['cause'],
    started: number,
    beforeRetry?: () => void,
  ): void {
    const { retry, stopOnFailure, deadLetters } = this.#options
    const slot = this.#records.slot(ticket)
    const epoch = this.#records.epoch(ticket)
    const offset = this.#records.offset(ticket)
    const log = () => this.#options.logFor(this.#names[slot]!, offset)
    const attempt = this.#board.attemptOf(ticket)
    const { retryable, flags } = this.#decision.judge(error, attempt < retry.attempts, log)
    if (retryable) {
      beforeRetry?.()
      if (this.#handBack.isClosing(slot, epoch)) this.#giveUp(ticket, started)
      else this.#park(ticket, attempt, { error, flags }, log)
      return
    }
    this.#acks.addFailure({ ticket, error: describeError(error), cause, span: this.#options.tracing?.spanOf(ticket) })
    this.#board.flag(ticket, flags)
    const now = this.#end(ticket, 'failed', started, flags)
    const hasLetter = deadLetters && (flags & FailureFlag.noDeadLetter) === 0
    if (stopOnFailure && !hasLetter) this.#handBack.failed(slot, epoch)
    // Whoever reads "failed" from the board while the next handler spins should know why.
    if (!this.#acks.isEmpty) this.#acks.flush(now)
  }

  /** The record gives its lane back and is tried again later; its key waits. */
  #park(ticket: number, attempt: number, { error, flags }: { error: unknown; flags: number }, log: () => Logger): void {
    const { retry } = this.#options
    const now = performance.now()
    const backoff = backoffMs(retry, attempt)
    this.#board.park(ticket, attempt + 1, now + backoff, flags)
    this.#queue.park(this.#records.key(ticket))
    this.#marks?.end(ticket)
    this.#records.keepAlone(ticket)
    this.#parked.add(ticket, now + backoff)
    const { attempts } = retry
    this.#decision.tell({ err: error, attempt, attempts, backoffMs: Math.round(backoff) }, now, log)
  }

  #preparationsOf(format: Format<unknown>): Preparations {
    const { retry, processTimeoutMs, logFor } = this.#options
    return new Preparations({
      ...{ format, retry, processTimeoutMs, records: this.#records, goOn: this.#goOn },
      warn: (ticket, fields, message) =>
        logFor(this.#names[this.#records.slot(ticket)]!, this.#records.offset(ticket)).warn(fields, message),
    })
  }

  readonly #goOn = (due: ReadonlyMap<number, number>) => {
    const now = performance.now()
    for (const ticket of this.#parked.remove((one) => due.has(one))) {
      const at = due.get(ticket)!
      if (at <= now) {
        this.#queue.unpark(this.#records.key(ticket), ticket)
      } else {
        this.#board.postpone(ticket, at)
        this.#parked.add(ticket, at)
      }
    }
    this.#pump()
  }

  #unparkDue(now: number): void {
    for (let ticket = this.#parked.takeDue(now); ticket >= 0; ticket = this.#parked.takeDue(now)) {
      this.#queue.unpark(this.#records.key(ticket), ticket)
    }
  }

  /** A record that would be tried again later, were its partition not about to go. */
  #giveUp(ticket: number, started: number): void {
    this.#handBack.behind(ticket)
    this.#end(ticket, 'discarded', started)
  }

  #laneOf(batches: BatchHandling): BatchLane {
    const { concurrency, capacity, retry } = this.#options
    return new BatchLane({
      ...{ ...batches, surroundings: this.#options, concurrency, capacity, retry },
      ...{ board: this.#board, queue: this.#queue, records: this.#records, parked: this.#parked, marks: this.#marks },
      ...{ handBack: this.#handBack, held: this.#held, decision: this.#decision, preparations: this.#preparations },
      nameOf: (slot) => this.#names[slot]!,
      ends: {
        mustNotStart: (ticket, attempt, started) => this.#mustNotStart(ticket, attempt, started),
        mustWait: (ticket, message, started) => this.#mustWait(this.#preparations!, ticket, message, started),
        end: (ticket, outcome, started) => void this.#end(ticket, outcome, started),
        fail: (ticket, error, cause, started, beforeRetry) => this.#fail(ticket, error, cause, started, beforeRetry),
        giveUp: (ticket, started) => this.#giveUp(ticket, started),
        contexts: this.#contexts,
        watchMemory: () => this.#external.lookWhile(this.#isAnyRunning),
        pump: () => this.#pump(),
      },
    })
  }

  // ── ends ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A record that was taken has ended. */
  #end(ticket: number, outcome: 'done' | 'failed' | 'discarded', started: number, flags = 0): number {
    const now = performance.now()
    const key = this.#records.key(ticket)
    this.#board.end(ticket, outcome)
    this.#acks.add(ticket, this.#records.sequence(ticket), Outcome[outcome] + flags, now - started)
    this.#records.delete(ticket)
    this.#marks?.end(ticket)
    this.#queue.done(key)
    if (this.#acks.isDue(now)) this.#acks.flush(now)
    return now
  }

  #publish(now: number): void {
    this.#board.publish(this.#queue.running, this.#queue.queued)
    this.#external.look(now)
  }
}

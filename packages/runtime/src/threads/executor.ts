/**
 * Runs the handler over the records of one thread. This is the hot path of the thread side: no object but the message
 * and its context is made for a handler that returns no promise, and nothing is awaited.
 */
// The global of the same name is a getter, which every record would pay for.
import { performance } from 'node:perf_hooks'
import type { Ordering, TopicPartition } from '@zk/engine'
import { KeyedQueue, Outcome } from '@zk/engine/in-thread'
import { BufferGarbage } from '../buffer-garbage.js'
import type { AbortReason, BatchProcessor, Processor } from '../processor-types.js'
import { AckBuffer } from './ack-buffer.js'
import { BatchLane } from './batch-lane.js'
import type { BatchHandling } from './batch-parts.js'
import type { BoardWriter } from './board.js'
import type { CrashMarks } from './crash-journal.js'
import { DeliveryContext, type Surroundings } from './delivery-context.js'
import { DeliveryEnds } from './delivery-ends.js'
import { ExternalMemory } from './external-memory.js'
import { Frame } from './frame.js'
import { HandBack } from './hand-back.js'
import { HeldStarts } from './held-starts.js'
import { LaneMeter } from './lane-meter.js'
import { FrameMessage } from './message.js'
import type { Preparations } from './preparations.js'
import type { DeliveryFailure } from './protocol.js'
import { ReceivedRecords } from './received-records.js'
import { ParkedRecords, type RetryPolicy } from './retries.js'

/** How often a missing pulse is looked for, in milliseconds. */
const PULSE_LOOK_MS = 20
/**
 * Handlers that return no promise follow each other without a turn of the event loop. While others wait for theirs, the loop
 * gets a turn after so many ms: or their promises could not go on, and their deadlines would pass unheard.
 */
const TURN_MS = 20

/** What a handler threw or rejected with. */
type Failure = { error: unknown } | undefined

export interface ExecutorOptions extends Surroundings {
  processor: Processor<unknown> | BatchProcessor<unknown>
  /** Where it takes its messages in batches. */
  batches?: BatchHandling | undefined
  /** Its `process` looks at `message.value` itself, because hooks or a span come before. */
  decodesItself?: boolean
  /** `'auto'`: as many as the board says. */
  concurrency: number | 'auto'
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
  /** Undefined where `concurrency` is a number. */
  readonly #lanes: LaneMeter | undefined
  /** The same where each record has a lane of its own. */
  readonly #ofRecords: LaneMeter | undefined
  readonly #marks: CrashMarks | undefined
  readonly #acks: AckBuffer
  readonly #records: ReceivedRecords
  readonly #parked: ParkedRecords
  readonly #handBack: HandBack
  readonly #held: HeldStarts
  readonly #ends: DeliveryEnds
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
    const single = concurrency === 'auto' ? board.concurrency : concurrency
    const lanes = batches === undefined ? single : Number.POSITIVE_INFINITY
    // As many as the board says may be several later.
    this.#queue = new KeyedQueue(lanes, lanes > 1 || concurrency === 'auto' || mayWait)
    this.#lanes = concurrency === 'auto' ? new LaneMeter(board, this.#queue) : undefined
    this.#ofRecords = batches === undefined ? this.#lanes : undefined
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
    this.#ends = this.#endsOf(options)
    this.#preparations = this.#ends.preparations
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

  /** More handlers may be in progress than before, or fewer. Unlike `wake` it starts no batch that waits for more. */
  limitChanged(): void {
    this.#pump()
  }

  readonly #pump = (): void => {
    if (this.#pumping) return
    this.#pumping = true
    const began = performance.now()
    let now = began
    this.#acks.resume(now)
    this.#held.all = false
    this.#ofRecords?.obey()
    while (!this.#held.all && this.#mayStart(now)) {
      if (now >= this.#parked.earliest) this.#ends.unparkDue(now)
      if (this.#batches === undefined) {
        const ticket = this.#queue.take()
        if (ticket < 0) break
        // Apart, so that V8 has room to inline into both.
        now = this.#run(ticket, now) ? this.#end(ticket, 'done', now) : performance.now()
      } else {
        if (!this.#batches.start(now)) break
        now = performance.now()
      }
      if (now - began >= TURN_MS && this.#queue.running > 0) {
        this.#turning ??= setImmediate(this.#turned)
        break
      }
    }
    this.#pumping = false
    this.#marks?.settle()
    this.#publish(now)
    if (this.#acks.isEmpty) return
    if (this.#queue.running === 0) this.#acks.flush(now)
    else this.#acks.flushSoon()
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
    if (!isUsual && this.#ends.mustNotStart(ticket, attempt, started)) return false
    const { processor, decodesItself } = this.#options
    let message = new FrameMessage(frame, i, this.#names[slot]!, processor.format)
    // Before a circuit's permit is taken: a record that waits for its format is no probe.
    if (this.#preparations !== undefined && this.#ends.mustWait(ticket, message, started)) return false
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
      this.#ends.fail(ticket, error, 'error', started)
      return false
    }
    if (isPromise) this.#await(ticket, result, context, started)
    else if (context.sends !== undefined) return this.#returned(ticket, context, started, undefined)
    return !isPromise
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
    else if (abortReason === undefined) this.#ends.fail(ticket, failure.error, 'error', started)
    else if (abortReason === 'timeout') this.#ends.fail(ticket, failure.error, 'timeout', started)
    // It was told that its result is not wanted: giving up is no failure of the record, which is read again.
    else this.#end(ticket, 'discarded', started)
    this.#pump()
  }

  #endsOf({ processor, retry, processTimeoutMs, stopOnFailure, deadLetters, tracing, logFor }: ExecutorOptions) {
    return new DeliveryEnds({
      ...{ processor, retry, processTimeoutMs, stopOnFailure, deadLetters, tracing, logFor },
      ...{ board: this.#board, queue: this.#queue, acks: this.#acks, records: this.#records, parked: this.#parked },
      ...{ handBack: this.#handBack, marks: this.#marks, nameOf: (slot) => this.#names[slot]!, pump: this.#pump },
      lanes: this.#ofRecords,
      end: (ticket, outcome, started, flags) => this.#end(ticket, outcome, started, flags),
    })
  }

  #laneOf(batches: BatchHandling): BatchLane {
    const { concurrency, capacity, retry } = this.#options
    return new BatchLane({
      ...{ ...batches, surroundings: this.#options, concurrency, lanes: this.#lanes },
      ...{ capacity, retry, contexts: this.#contexts },
      ...{ board: this.#board, queue: this.#queue, records: this.#records, ends: this.#ends, marks: this.#marks },
      ...{ handBack: this.#handBack, held: this.#held, nameOf: (slot) => this.#names[slot]!, pump: this.#pump },
      watchMemory: () => this.#external.lookWhile(this.#isAnyRunning),
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
    // What was handed back may never have begun.
    if (outcome !== 'discarded') this.#ofRecords?.ended(now - started, outcome === 'done')
    if (this.#acks.isDue(now)) this.#acks.flush(now)
    return now
  }

  #publish(now: number): void {
    this.#board.publish(this.#queue.running, this.#queue.queued)
    this.#lanes?.publish()
    this.#external.look(now)
  }
}

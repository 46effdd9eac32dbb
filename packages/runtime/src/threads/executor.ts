/**
 * Runs the handler over the records of one thread. This is the hot path of the thread side: no object but the message
 * and its context is made for a handler that returns no promise, and nothing is awaited.
 */
// The global of the same name is a getter, which every record would pay for.
import { performance } from 'node:perf_hooks'
import { ACK_WORDS, KeyedQueue, NO_KEY, type Ordering, Outcome, type TopicPartition } from '@zk/engine'
import { BufferGarbage } from '../buffer-garbage.js'
import { describeError } from '../describe-error.js'
import type { Logger } from '../log/logger.js'
import type { Processor } from '../processor-types.js'
import type { BoardWriter } from './board.js'
import { DeliveryContext } from './delivery-context.js'
import { Frame } from './frame.js'
import { FrameMessage } from './message.js'
import type { AbortReason, DeliveryFailure } from './protocol.js'

/**
 * Acks are flushed when nothing is left to run, after a failure, at the number that the last frame said, or after so many
 * ms. Main is woken for each flush, and on a machine whose cores are all busy with handlers that costs one of them a tenth
 * of a millisecond; while a thread has work, nobody waits for its acks.
 */
const FLUSH_MS = 5
/** How often a missing pulse is looked for, in milliseconds. */
const PULSE_LOOK_MS = 20
/** More acks in one message gain nothing. */
const MAX_FLUSH_ACKS = 1_024

export interface ExecutorOptions {
  processor: Processor<unknown>
  /** What `setup` returned. */
  state: unknown
  board: BoardWriter
  threadIndex: number
  concurrency: number
  ordering: Ordering
  capacity: number
  stopOnFailure: boolean
  /** A logger that adds the fields of a record to each line. */
  logFor(name: TopicPartition, offset: number): Logger
  post(acks: ArrayBuffer, failures: DeliveryFailure[]): void
}

export class Executor {
  readonly #options: ExecutorOptions
  readonly #board: BoardWriter
  readonly #queue: KeyedQueue
  readonly #garbage = new BufferGarbage()
  readonly #names: TopicPartition[] = []
  /** By ticket: where the record is. */
  readonly #frames: (Frame | undefined)[]
  readonly #records: Int32Array
  /** By ticket, for handlers that returned a promise. */
  readonly #contexts: (DeliveryContext | undefined)[]
  readonly #acks = new Int32Array(MAX_FLUSH_ACKS * ACK_WORDS)
  #flushAcks = MAX_FLUSH_ACKS
  #ackCount = 0
  #failures: DeliveryFailure[] = []
  #lastFlush = 0
  #timer: NodeJS.Timeout | undefined
  /**
   * By slot: a record of this epoch failed and the policy is to stop, so that the rest of its assignment is handed back
   * unstarted. Of the assignment only: where it is over when main hears of the failure, the work does not stop, and a
   * thread that handed back everything from then on would stall it without a word.
   */
  readonly #failedEpochs: number[] = []
  #pumping = false
  /** For the pulse of main. */
  #waiting: NodeJS.Timeout | undefined

  constructor(options: ExecutorOptions) {
    this.#options = options
    this.#board = options.board
    this.#queue = new KeyedQueue(options.concurrency)
    this.#frames = new Array(options.capacity).fill(undefined)
    this.#records = new Int32Array(options.capacity)
    this.#contexts = new Array(options.capacity).fill(undefined)
  }

  name(slot: number, name: TopicPartition): void {
    this.#names[slot] = name
  }

  accept(buffer: ArrayBuffer): void {
    this.#garbage.expect(buffer.byteLength, performance.now())
    const frame = new Frame(buffer)
    this.#flushAcks = Math.min(frame.flushAcks, MAX_FLUSH_ACKS)
    for (let i = 0; i < frame.count; i++) {
      const ticket = frame.ticket(i)
      this.#frames[ticket] = frame
      this.#records[ticket] = i
      this.#queue.push(this.#queueKeyOf(frame, i), ticket)
    }
    this.#pump()
  }

  abort(slots: readonly number[], reason: AbortReason): void {
    for (const context of this.#contexts) {
      if (context !== undefined && slots.includes(context.slot)) context.abort(reason)
    }
  }

  #queueKeyOf(frame: Frame, i: number): number {
    const { ordering } = this.#options
    if (ordering === 'partition') return frame.slot(i)
    if (ordering === 'none' || frame.keyLength(i) < 0) return NO_KEY
    // 31 bits, so that the map's keys stay small integers. Two keys that meet here merely wait for each other.
    return (Math.imul(frame.slot(i), 0x9e3779b1) ^ frame.keyHash(i)) >>> 1
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    let now = performance.now()
    // After a pause the first ack would be flushed alone.
    if (this.#ackCount === 0) this.#lastFlush = now
    while (!this.#isStale(now)) {
      const ticket = this.#queue.take()
      if (ticket < 0) break
      now = this.#run(ticket, now)
    }
    this.#pumping = false
    this.#board.publish(this.#queue.running, this.#queue.queued)
    if (this.#ackCount === 0) return
    if (this.#queue.running === 0) this.#flush(now)
    else this.#timer ??= setTimeout(this.#flushLate, FLUSH_MS)
  }

  /** @returns whether nothing may start now; it is looked at again soon */
  #isStale(now: number): boolean {
    if (!this.#board.isStale(now)) return false
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined
      this.#pump()
    }, PULSE_LOOK_MS)
    return true
  }

  /** @returns the clock when the record ended, or when its promise was pending */
  #run(ticket: number, started: number): number {
    const frame = this.#frames[ticket]!
    const i = this.#records[ticket]!
    const slot = frame.slot(i)
    const offset = frame.offset(i)
    const epoch = frame.epoch(i)
    if (!this.#board.start(ticket, slot, epoch, offset, started) || epoch <= (this.#failedEpochs[slot] ?? 0)) {
      return this.#end(ticket, 'discarded', started)
    }
    const { processor, state, threadIndex } = this.#options
    const name = this.#names[slot]!
    const message = new FrameMessage(frame, i, name, processor.format)
    const context = new DeliveryContext(this.#options, message, slot, frame.attempt(i), state, threadIndex)
    let result: unknown
    let isPromise: boolean
    try {
      // Decoded before the handler is called: bytes that do not decode are a failure of the record, not of its code.
      if (processor.format !== undefined) message.value
      result = processor.process(message, context)
      isPromise = typeof (result as PromiseLike<unknown> | undefined)?.then === 'function'
    } catch (error) {
      return this.#fail(ticket, error, started)
    }
    if (!isPromise) return this.#end(ticket, 'done', started)
    this.#contexts[ticket] = context
    // Resolved, because a foreign thenable may settle twice, and the ticket is another record's by then.
    void Promise.resolve(result).then(
      () => this.#settled(ticket, started, undefined),
      (error: unknown) => this.#settled(ticket, started, { error }),
    )
    // Of now: main's pulse is looked at before each start, and the process may have stood still in the handler.
    return performance.now()
  }

  #settled(ticket: number, started: number, failure: { error: unknown } | undefined): void {
    const aborted = this.#contexts[ticket]!.aborted
    this.#contexts[ticket] = undefined
    if (failure === undefined) this.#end(ticket, 'done', started)
    // It was told that its result is not wanted: giving up is no failure of the record, which is read again.
    else if (aborted) this.#end(ticket, 'discarded', started)
    else this.#fail(ticket, failure.error, started)
    this.#pump()
  }

  #fail(ticket: number, error: unknown, started: number): number {
    this.#failures.push({ ticket, error: describeError(error) })
    if (this.#options.stopOnFailure) {
      const frame = this.#frames[ticket]!
      const i = this.#records[ticket]!
      this.#failedEpochs[frame.slot(i)] = frame.epoch(i)
    }
    const now = this.#end(ticket, 'failed', started)
    // Whoever reads "failed" from the board while the next handler spins should know why.
    if (this.#ackCount > 0) this.#flush(now)
    return now
  }

  #end(ticket: number, outcome: 'done' | 'failed' | 'discarded', started: number): number {
    const frame = this.#frames[ticket]!
    const i = this.#records[ticket]!
    const now = performance.now()
    this.#board.end(ticket, outcome)
    const at = this.#ackCount * ACK_WORDS
    this.#acks[at] = ticket
    this.#acks[at + 1] = frame.sequence(i)
    this.#acks[at + 2] = Outcome[outcome]
    this.#acks[at + 3] = (now - started) * 1000
    this.#ackCount++
    this.#frames[ticket] = undefined
    this.#queue.done(this.#queueKeyOf(frame, i))
    if (this.#ackCount >= this.#flushAcks || now - this.#lastFlush >= FLUSH_MS) this.#flush(now)
    return now
  }

  #flush(now: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#lastFlush = now
    const acks = this.#acks.slice(0, this.#ackCount * ACK_WORDS)
    const failures = this.#failures
    this.#ackCount = 0
    this.#failures = []
    this.#board.publish(this.#queue.running, this.#queue.queued)
    this.#options.post(acks.buffer, failures)
  }

  readonly #flushLate = () => {
    this.#timer = undefined
    if (this.#ackCount > 0) this.#flush(performance.now())
  }
}

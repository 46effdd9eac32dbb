import { performance } from 'node:perf_hooks'
import type { TopicPartition } from '@zk/engine'
import type { Format } from '@zk/formats'
import type { ContextValues } from '../hooks/hook-types.js'
import { readValues } from '../hooks/packed-values.js'
import type { Logger } from '../log/logger.js'
import type {
  AbortReason,
  HandlerAbort,
  OutgoingRecord,
  ProcessContext,
  SendOptions,
  SentRecord,
} from '../processor-types.js'
import type { ThreadTracing } from '../tracing/thread-tracing.js'
import type { BoardWriter } from './board.js'
import { FrameMessage } from './message.js'
import { DeliverySends, type Outbox } from './sends.js'

/** Of the thread: the same for each delivery. */
export interface Surroundings {
  readonly board: BoardWriter
  readonly outbox: Outbox
  /** What `setup` returned. */
  readonly state: unknown
  readonly threadIndex: number
  /** 0: handlers have no deadline. */
  readonly processTimeoutMs: number
  /** Undefined where no traces are wanted. */
  readonly tracing?: ThreadTracing | undefined
  /** A format that a handler sends with; called each time. */
  openFormat(this: void, format: Format<unknown>): void
  /** A logger that adds the fields of a record to each line. */
  logFor(name: TopicPartition, offset: number): Logger
}

/** The longest time for which a deadline can be moved altogether, in milliseconds: a word of the board. */
const MAX_EXTENSION_MS = 2 ** 31 - 1

/** What a handler gets beside its record. The parts that cost something are made when they are asked for. */
export class DeliveryContext implements ProcessContext {
  readonly attempt: number
  readonly #surroundings: Surroundings
  readonly #message: FrameMessage<unknown>
  readonly #ticket: number
  readonly #sequence: number
  /** For the executor: undefined when the handler has sent nothing. */
  sends: DeliverySends | undefined
  #controller: AbortController | undefined
  #reason: AbortReason | undefined
  #log: Logger | undefined
  #values: ContextValues | undefined
  #startedWall: number | undefined

  constructor(
    surroundings: Surroundings,
    message: FrameMessage<unknown>,
    ticket: number,
    sequence: number,
    attempt: number,
  ) {
    this.#surroundings = surroundings
    this.#message = message
    this.#ticket = ticket
    this.#sequence = sequence
    this.attempt = attempt
  }

  /** For traces: not for users. */
  static ticketOf(context: DeliveryContext): number {
    return context.#ticket
  }

  get state(): unknown {
    return this.#surroundings.state
  }

  get virtualPartition(): number {
    return this.#surroundings.threadIndex
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(abortError(this.#reason))
    }
    return this.#controller.signal
  }

  get log(): Logger {
    this.#log ??= this.#surroundings.logFor(this.#message, this.#message.offset)
    return this.#log
  }

  get values(): ContextValues {
    this.#values ??= readValues(FrameMessage.valuesOf(this.#message))
    return this.#values
  }

  get idempotencyKey(): string {
    const { topic, partition, offset } = this.#message
    return `${topic}-${partition}-${offset}`
  }

  send(topic: string, record: OutgoingRecord<unknown>, options?: SendOptions<unknown>): Promise<SentRecord> {
    const { tracing } = this.#surroundings
    if (tracing === undefined) return this.#send(topic, record, options)
    return tracing.send(this, topic, record, (traced) => this.#send(topic, traced, options))
  }

  #send(topic: string, record: OutgoingRecord<unknown>, options?: SendOptions<unknown>): Promise<SentRecord> {
    if (this.sends === undefined) {
      this.sends = new DeliverySends(this.#surroundings.outbox, this.#ticket, this.#sequence)
      if (this.#reason !== undefined) this.sends.abandon(abortError(this.#reason))
    }
    const format = options?.format
    if (format === undefined) return this.sends.send(topic, record as OutgoingRecord)
    return this.sends.sendEncoded(topic, record, format, this.#surroundings.openFormat)
  }

  get deadline(): number | undefined {
    const { board, processTimeoutMs } = this.#surroundings
    if (processTimeoutMs === 0) return undefined
    const ran = this.#ranMs()
    if (ran === undefined) return this.#startedWall === undefined ? undefined : this.#startedWall + processTimeoutMs
    // Once: two clocks never agree to the millisecond, and a deadline that nobody moved must not wander.
    this.#startedWall ??= Date.now() - ran
    return this.#startedWall + processTimeoutMs + board.extensionMs(this.#ticket)
  }

  extendDeadline(ms: number): boolean {
    if (typeof ms !== 'number' || !(ms >= 0)) {
      throw new RangeError(`extendDeadline(${String(ms)}): expected milliseconds, at least 0`)
    }
    const { board, processTimeoutMs } = this.#surroundings
    const ran = this.#ranMs()
    if (processTimeoutMs === 0 || ran === undefined || this.#reason !== undefined) return false
    const extension = board.extensionMs(this.#ticket)
    if (ran >= processTimeoutMs + extension) return false
    board.extend(this.#ticket, Math.min(MAX_EXTENSION_MS - processTimeoutMs, Math.round(extension + ms)))
    return true
  }

  /** The deadline of this attempt has passed, by this thread's clock. */
  get isOverdue(): boolean {
    const { board, processTimeoutMs } = this.#surroundings
    const ran = this.#ranMs()
    // Clocks on boards are whole milliseconds, and main's may be one ahead.
    return ran !== undefined && ran + CLOCKS_DIFFER_MS >= processTimeoutMs + board.extensionMs(this.#ticket)
  }

  /** Why the handler was told to give up; undefined when it was not. */
  get abortReason(): AbortReason | undefined {
    return this.#reason
  }

  abort(reason: AbortReason): void {
    // Where the result is not wanted anyhow, a deadline that passes as well makes no failure of it.
    if (this.#reason === undefined || this.#reason === 'timeout') this.#reason = reason
    const error = abortError(reason)
    // Behind the signal: whoever listens gives up for that reason and not for an answer that is missing.
    this.#controller?.abort(error)
    this.sends?.abandon(error)
  }

  /** Undefined when the attempt has ended: its entry on the board may be another one's by now. */
  #ranMs(): number | undefined {
    return this.#surroundings.board.runningMs(this.#ticket, this.#sequence, this.attempt, performance.now())
  }
}

const CLOCKS_DIFFER_MS = 2

/** What `ctx.signal` aborts with. */
export function abortError(reason: AbortReason): HandlerAbort {
  const why =
    reason === 'timeout'
      ? 'The handler has run past its deadline (processTimeoutMs)'
      : `The result of this handler is no longer wanted: ${reason}`
  return Object.assign(new Error(why), { name: 'AbortError', reason })
}

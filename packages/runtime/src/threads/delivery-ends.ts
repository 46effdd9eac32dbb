/**
 * What becomes of a record that does not simply run and end well: it must not start, waits for its format, has failed, is
 * tried again or is handed back. All of it is off the hot path, which asks `mustNotStart` only where something is unusual.
 */
import { performance } from 'node:perf_hooks'
import type { TopicPartition } from '@zk/engine'
import { FailureFlag, type KeyedQueue } from '@zk/engine/in-thread'
import type { Format } from '@zk/formats'
import { describeError } from '../describe-error.js'
import type { Logger } from '../log/logger.js'
import type { ProcessorParts } from '../processor-types.js'
import type { ThreadTracing } from '../tracing/thread-tracing.js'
import type { AckBuffer } from './ack-buffer.js'
import type { BoardWriter } from './board.js'
import type { CrashMarks } from './crash-journal.js'
import type { HandBack } from './hand-back.js'
import type { LaneMeter } from './lane-meter.js'
import type { FrameMessage } from './message.js'
import { Preparations } from './preparations.js'
import type { DeliveryFailure } from './protocol.js'
import type { ReceivedRecords } from './received-records.js'
import { backoffMs, type ParkedRecords, type RetryPolicy } from './retries.js'
import { RetryDecision } from './retry-decision.js'

/** No attempt: a record that has not been charged starts again with the one that it was sent with, and counts as begun. */
const NEVER_SENT = 0

export interface DeliveryEndsOptions {
  processor: Pick<ProcessorParts<unknown>, 'format' | 'retryable'>
  board: BoardWriter
  queue: KeyedQueue
  acks: AckBuffer
  records: ReceivedRecords
  parked: ParkedRecords
  handBack: HandBack
  marks: CrashMarks | undefined
  /** Hears of attempts that end here; undefined where nobody counts them. */
  lanes: LaneMeter | undefined
  retry: RetryPolicy
  processTimeoutMs: number
  stopOnFailure: boolean
  deadLetters: boolean
  tracing: ThreadTracing | undefined
  nameOf(slot: number): TopicPartition
  logFor(name: TopicPartition, offset: number): Logger
  /** Ends a record that was taken. @returns the thread's `performance.now()` */
  end(ticket: number, outcome: 'done' | 'failed' | 'discarded', started: number, flags?: number): number
  /** Something may start. */
  pump(): void
}

export class DeliveryEnds {
  readonly decision: RetryDecision
  /** Undefined where the format has nothing to fetch. */
  readonly preparations: Preparations | undefined
  readonly #options: DeliveryEndsOptions

  constructor(options: DeliveryEndsOptions) {
    const { format } = options.processor
    this.#options = options
    this.decision = new RetryDecision(options.processor)
    this.preparations = format?.prepareDecode === undefined ? undefined : this.#preparationsOf(format)
  }

  /** A record that was taken has ended. */
  end(ticket: number, outcome: 'done' | 'discarded', started: number): void {
    this.#options.end(ticket, outcome, started)
  }

  /** @returns whether it must not start, and has ended */
  mustNotStart(ticket: number, attempt: number, started: number): boolean {
    const { handBack, records } = this.#options
    const slot = records.slot(ticket)
    const epoch = records.epoch(ticket)
    if (attempt === 0 || handBack.isRefused(ticket, slot, epoch)) {
      this.end(ticket, 'discarded', started)
      return true
    }
    // After "running" was published: either main sees it, or the cut is seen here.
    if (attempt === records.attempt(ticket) || !handBack.isClosing(slot, epoch)) return false
    this.giveUp(ticket, started)
    return true
  }

  /** @returns whether its format has to fetch something first, and it is parked or given up */
  mustWait(ticket: number, message: FrameMessage<unknown>, started: number): boolean {
    const { board, handBack, records } = this.#options
    const slot = records.slot(ticket)
    const patience = this.preparations?.look(ticket, records.sequence(ticket), slot, message.rawValue)
    if (patience === undefined) return false
    board.leaveStack()
    // After "running" was published: either main sees it, or the cut is seen here.
    if (handBack.isClosing(slot, records.epoch(ticket))) this.giveUp(ticket, started)
    else this.postpone(ticket, patience)
    return true
  }

  /**
   * It has failed, and is tried again where the policy says so.
   *
   * @param holdBack called where nothing of its key may be finished before it: where it is tried again, handed back, or left
   * to whoever starts the work after its failure has stopped it
   */
  fail(ticket: number, error: unknown, cause: DeliveryFailure['cause'], started: number, holdBack?: () => void): void {
    const { acks, board, deadLetters, handBack, logFor, nameOf, records, retry, stopOnFailure, tracing } = this.#options
    const slot = records.slot(ticket)
    const epoch = records.epoch(ticket)
    const offset = records.offset(ticket)
    const log = () => logFor(nameOf(slot), offset)
    const attempt = board.attemptOf(ticket)
    const { retryable, flags } = this.decision.judge(error, attempt < retry.attempts, log)
    if (retryable) {
      holdBack?.()
      if (handBack.isClosing(slot, epoch)) this.giveUp(ticket, started)
      else this.#park(ticket, attempt, { error, flags }, started, log)
      return
    }
    const hasLetter = deadLetters && (flags & FailureFlag.noDeadLetter) === 0
    const stops = stopOnFailure && !hasLetter
    if (stops) holdBack?.()
    acks.addFailure({ ticket, error: describeError(error), cause, span: tracing?.spanOf(ticket) })
    board.flag(ticket, flags)
    const now = this.#options.end(ticket, 'failed', started, flags)
    if (stops) handBack.failed(slot, epoch)
    // Whoever reads "failed" from the board while the next handler spins should know why.
    if (!acks.isEmpty) acks.flush(now)
  }

  /** Hands it back, and all that waits behind it: it would be tried again later, were its partition not about to go. */
  giveUp(ticket: number, started: number): void {
    this.#options.handBack.behind(ticket)
    this.end(ticket, 'discarded', started)
  }

  /** It gives its lane back and starts again in so many milliseconds, charged nothing; its key waits. */
  postpone(ticket: number, ms: number): void {
    const { board, parked, queue, records } = this.#options
    const due = performance.now() + ms
    board.postpone(ticket, due)
    queue.park(records.key(ticket))
    records.keepAlone(ticket, NEVER_SENT)
    parked.add(ticket, due)
  }

  /** What is due may be taken. */
  unparkDue(now: number): void {
    const { parked, queue, records } = this.#options
    for (let ticket = parked.takeDue(now); ticket >= 0; ticket = parked.takeDue(now)) {
      queue.unpark(records.key(ticket), ticket)
    }
  }

  /** It gives its lane back and is tried again later; its key waits. */
  #park(
    ticket: number,
    attempt: number,
    { error, flags }: { error: unknown; flags: number },
    started: number,
    log: () => Logger,
  ): void {
    const { board, lanes, marks, parked, queue, records, retry } = this.#options
    const now = performance.now()
    const backoff = backoffMs(retry, attempt)
    board.park(ticket, attempt + 1, now + backoff, flags)
    queue.park(records.key(ticket))
    lanes?.ended(now - started, false)
    marks?.end(ticket)
    records.keepAlone(ticket)
    parked.add(ticket, now + backoff)
    const { attempts } = retry
    this.decision.tell({ err: error, attempt, attempts, backoffMs: Math.round(backoff) }, now, log)
  }

  #preparationsOf(format: Format<unknown>): Preparations {
    const { logFor, nameOf, processTimeoutMs, records, retry } = this.#options
    return new Preparations({
      ...{ format, retry, processTimeoutMs, records, goOn: this.#goOn },
      warn: (ticket, fields, message) =>
        logFor(nameOf(records.slot(ticket)), records.offset(ticket)).warn(fields, message),
    })
  }

  readonly #goOn = (due: ReadonlyMap<number, number>) => {
    const { board, parked, queue, records, pump } = this.#options
    const now = performance.now()
    for (const ticket of parked.remove((one) => due.has(one))) {
      const at = due.get(ticket)!
      if (at <= now) {
        queue.unpark(records.key(ticket), ticket)
      } else {
        board.postpone(ticket, at)
        parked.add(ticket, at)
      }
    }
    pump()
  }
}

/**
 * What becomes of the records of a thread: what it tells main, and what it does with those that are tried again or handed
 * back. As threads/delivery-ends.ts of the runtime does it.
 */
import { FailureFlag, Outcome } from '@zk/engine'
import type { Random } from '../random.js'
import type { Shape } from '../shape.js'
import type { AckBox } from './ack-box.js'
import type { SimBoard } from './board.js'
import type { ClosingPolicy } from './closing-policy.js'
import { type Delivery, type Ending, wasTried } from './delivery.js'
import type { Run } from './handlers.js'
import type { ThreadListener } from './thread-listener.js'
import type { ThreadQueue } from './thread-queue.js'

/** Of a hundred failures with attempts left so many are not worth another. */
const NOT_RETRYABLE = 10
/** A handler takes less than so many microseconds, as far as the engine hears. */
const LONGEST_US = 20_000

export interface RecordEndsOptions {
  readonly index: number
  readonly shape: Shape
  readonly listener: ThreadListener
  readonly board: SimBoard
  readonly acks: AckBox
  readonly policy: ClosingPolicy
  /** Each thread of the place has its own. */
  queueOf(): ThreadQueue
}

export class RecordEnds {
  readonly #options: RecordEndsOptions

  constructor(options: RecordEndsOptions) {
    this.#options = options
  }

  get #queue(): ThreadQueue {
    return this.#options.queueOf()
  }

  // ── records that ran ───────────────────────────────────────────────────────────────────────────────────────────

  end(delivery: Delivery, how: Ending, flags: number, choice: Random): void {
    const { index, listener } = this.#options
    listener.ended(index, delivery, how, flags)
    this.#acknowledge(delivery, how, flags, choice.below(LONGEST_US))
    this.#queue.ended(delivery)
  }

  /** @param holdBack called where nothing of its key may be finished before it */
  fail(delivery: Delivery, choice: Random, holdBack?: () => void): void {
    const { index, shape, listener, policy } = this.#options
    const { attempts, onExhausted, deadLetters, flaggedFailures } = shape
    let flags = 0
    if (choice.percent(flaggedFailures)) flags |= FailureFlag.noDeadLetter
    if (choice.percent(flaggedFailures)) flags |= FailureFlag.noCircuitBreak
    const isRetried = delivery.first + delivery.failures < attempts && !choice.percent(NOT_RETRYABLE)
    const stops = onExhausted === 'stop' && !(deadLetters && (flags & FailureFlag.noDeadLetter) === 0)
    if (isRetried || stops) holdBack?.()
    if (isRetried && policy.isClosing(delivery)) {
      this.giveUp(delivery, choice)
      return
    }
    if (isRetried) {
      delivery.failures++
      this.mark(delivery, 'parked', flags)
      forgetTimes(delivery)
      this.#queue.park(delivery)
      listener.parked(index, delivery, flags)
      return
    }
    this.end(delivery, 'failed', flags, choice)
    if (!stops) return
    policy.failed(delivery)
    this.handBackClosing()
  }

  /** It would be tried again, were its partition not about to go: handed back, and what waits behind it. */
  giveUp(delivery: Delivery, choice: Random): void {
    this.handBackBehind(delivery)
    this.end(delivery, 'discarded', 0, choice)
  }

  threw(run: Run): void {
    const { index, listener } = this.#options
    listener.threw(index, run)
  }

  /** It is tried again, charged nothing. */
  postpone(delivery: Delivery, choice: Random): void {
    if (this.#options.policy.isClosing(delivery)) {
      this.giveUp(delivery, choice)
      return
    }
    delivery.postponed = true
    this.#putBack(delivery)
    this.#queue.park(delivery)
  }

  /** They wait behind an earlier one of their key, as if they had not run. */
  putBehind(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#putBack(delivery)
    this.#queue.putBehind(deliveries)
  }

  #putBack(delivery: Delivery): void {
    const { index, listener } = this.#options
    forgetTimes(delivery)
    this.mark(delivery, wasTried(delivery) ? 'parked' : 'queued')
    listener.putBack(index, delivery)
  }

  // ── records that do not run ────────────────────────────────────────────────────────────────────────────────────

  /** It must not start: it was cut, its key was handed back, or the work stops. */
  isOver(delivery: Delivery): boolean {
    return this.#options.policy.isOver(delivery) || this.#queue.isRefused(delivery)
  }

  refuse(delivery: Delivery): void {
    const { index, listener } = this.#options
    listener.refused(index, delivery)
    this.#acknowledge(delivery, 'discarded', 0, 0)
    this.#queue.ended(delivery)
  }

  handBackClosing(): void {
    const { policy } = this.#options
    for (const delivery of this.#queue.handBack((delivery) => policy.isClosing(delivery))) this.#handBack(delivery)
  }

  handBackBehind(delivery: Delivery): void {
    for (const behind of this.#queue.refuseBehind(delivery)) this.#handBack(behind)
  }

  #handBack(delivery: Delivery): void {
    const { index, listener } = this.#options
    listener.handedBack(index, delivery)
    this.#acknowledge(delivery, 'discarded', 0, 0)
  }

  // ── the board, and acks ────────────────────────────────────────────────────────────────────────────────────────

  mark(delivery: Delivery, state: Ending | 'queued' | 'running' | 'parked', flags?: number): void {
    this.#options.board.mark(delivery, state, delivery.first + delivery.failures, flags)
  }

  #acknowledge(delivery: Delivery, how: Ending, flags: number, micros: number): void {
    this.mark(delivery, how, flags)
    this.#options.acks.add(delivery, Outcome[how] + flags, micros)
  }
}

/** It runs again, and has its whole time. */
function forgetTimes(delivery: Delivery): void {
  delivery.timedOut = false
  delivery.overdue = false
}

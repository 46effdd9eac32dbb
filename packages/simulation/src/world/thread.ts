/**
 * A place for worker threads and the thread in it, as the engine may rely on them: frames arrive in order, a start is
 * published on the board before the control words are read, an end is on the board before its ack is posted, and a death
 * loses what was not posted.
 *
 * A handler that returns no promise keeps its thread from everything else until it returns.
 */
import { FailureFlag, Outcome } from '@zk/engine'
import type { Random } from '../random.js'
import type { Shape } from '../shape.js'
import { AckBox } from './ack-box.js'
import { SimBoard } from './board.js'
import { ClosingPolicy } from './closing-policy.js'
import type { Delivery, Ending } from './delivery.js'
import { Handlers } from './handlers.js'
import type { ThreadListener } from './thread-listener.js'
import { ThreadQueue } from './thread-queue.js'

type ThreadState =
  /** Nothing runs there. */
  | 'down'
  | 'up'
  /** Told to end; its JavaScript still runs. */
  | 'terminating'
  /** No JavaScript runs; acks that it posted are still on their way. */
  | 'exited'

/** Of a hundred failures with attempts left so many are not worth another; of deadly records so many are seen at it. */
const [NOT_RETRYABLE, SEEN] = [10, 30]

export class SimThread {
  state: ThreadState = 'down'
  /** It is to be replaced: its end is no death. */
  retired = false
  /** It was told to start nothing more: it ends for handlers that ignored their deadline. */
  isGivenUp = false
  /** Starts of its successor that failed in a row. */
  failedStarts = 0
  readonly acks = new AckBox()
  readonly board = new SimBoard()
  /** Main has said that cuts or circuits have changed, and the thread has not heard it. */
  isWoken = false
  /** Known to have brought it down; undefined: nobody knows. */
  guilty: Delivery[] | undefined
  /** What the board showed as running at its exit. */
  ran: Delivery[] = []
  readonly #index: number
  readonly #shape: Shape
  readonly #listener: ThreadListener
  readonly #isHeld: () => boolean
  #frames: Delivery[][] = []
  queue: ThreadQueue
  /** Published as running, about to read the control words. */
  #starting: Delivery | undefined
  /** Nothing may start, until it hears of something. */
  #standsStill = false
  readonly handlers = new Handlers()
  readonly #policy: ClosingPolicy

  constructor(index: number, shape: Shape, listener: ThreadListener, isHeld: () => boolean) {
    this.#index = index
    this.#shape = shape
    this.#listener = listener
    this.#isHeld = isHeld
    this.queue = new ThreadQueue(shape)
    this.#policy = new ClosingPolicy(this.board)
  }

  get isAlive(): boolean {
    return this.state === 'up' || this.state === 'terminating'
  }

  get isStarting(): boolean {
    return this.#starting !== undefined
  }

  /** It has nothing to do and nothing to tell. */
  get isIdle(): boolean {
    return this.#frames.length === 0 && this.acks.isEmpty && this.queue.isEmpty
  }

  /** Its board shows such a delivery as running. */
  shows(matches: (delivery: Delivery) => boolean): boolean {
    if (this.#starting !== undefined && matches(this.#starting)) return true
    return this.handlers.some(matches) || this.ran.some(matches)
  }

  /** Its event loop turns: it hears what main says. */
  get isFree(): boolean {
    return this.isAlive && this.#starting === undefined && !this.handlers.isBusy
  }

  // ── main's side ────────────────────────────────────────────────────────────────────────────────────────────────

  /** @returns false when the frame is lost: no JavaScript runs there */
  post(frame: Delivery[]): boolean {
    if (!this.isAlive) return false
    this.#frames.push(frame)
    return true
  }

  boot(): void {
    this.state = 'up'
    this.retired = false
    this.isGivenUp = false
    this.failedStarts = 0
    this.isWoken = false
    this.guilty = undefined
    this.ran = []
    this.#standsStill = false
    this.#policy.reset()
    this.queue = new ThreadQueue(this.#shape)
  }

  /** Its JavaScript stops here. */
  exit(): void {
    this.state = 'exited'
    this.ran = this.handlers.takeAll()
    for (const delivery of this.ran) this.#listener.stopped(delivery)
    if (this.#starting !== undefined) {
      this.queue.started(this.#starting)
      this.ran.push(this.#starting)
    }
    if (this.#starting !== undefined) this.#listener.dropped(this.#starting)
    for (const frame of this.#frames) for (const delivery of frame) this.#listener.dropped(delivery)
    for (const delivery of this.queue.all()) this.#listener.dropped(delivery)
    this.#starting = undefined
    this.#frames = []
    this.queue = new ThreadQueue(this.#shape)
    this.acks.lose()
  }

  // ── its own steps; each says whether there was anything to do ──────────────────────────────────────────────────

  get canReceive(): boolean {
    return this.#frames.length > 0 && this.isFree
  }

  /** @returns how many records came */
  receive(): number {
    this.#standsStill = false
    const frame = this.#frames.shift()!
    for (const delivery of frame) this.queue.push(delivery)
    return frame.length
  }

  /** It hears that cuts or circuits have changed. */
  wake(): boolean {
    if (!this.isWoken || !this.isFree) return false
    this.isWoken = false
    this.#standsStill = false
    // What must not start any more finds that out by trying.
    this.queue.takeUp((delivery) => !this.board.isHeld(delivery.slot) || this.#policy.isClosing(delivery))
    this.#handBackClosing()
    return true
  }

  /** The next attempt of a parked record is due. */
  due(choice: Random): boolean {
    return this.isFree && !this.isGivenUp && this.queue.due(choice)
  }

  publish(): boolean {
    if (!this.isFree || this.isGivenUp || this.#standsStill) return false
    const delivery = this.queue.take()
    if (delivery === undefined) return false
    this.#mark(delivery, 'running')
    this.#starting = delivery
    this.#listener.published(this.#index, delivery)
    return true
  }

  /** Reads the control words, then calls the handler, hands the record back or waits with it. */
  start(choice: Random): boolean {
    const delivery = this.#starting
    if (delivery === undefined || this.#isHeld()) return false
    this.#starting = undefined
    if (this.#isOver(delivery)) {
      this.#refuse(delivery)
    } else if (delivery.failures > 0 && this.#policy.isClosing(delivery)) {
      this.#handBackBehind(delivery)
      this.#refuse(delivery)
    } else if (!this.board.admits(delivery.slot)) {
      // As if it had never been published. One of a single partition lets the others pass.
      this.#mark(delivery, delivery.failures > 0 ? 'parked' : 'queued')
      this.#standsStill = this.#shape.circuit?.scope === 'work'
      if (this.#standsStill) this.queue.putBack(delivery)
      else this.queue.setAside(delivery)
      this.#listener.heldBack(this.#index, delivery)
    } else {
      this.queue.started(delivery)
      this.#listener.started(this.#index, delivery)
      this.handlers.add(delivery, choice.percent(this.#shape.syncHandlers))
    }
    return true
  }

  get canFinish(): boolean {
    return this.isAlive && this.#starting === undefined && this.handlers.mayEnd
  }

  /** A handler ends, well or not. */
  finish(fails: boolean, choice: Random): boolean {
    if (!this.canFinish) return false
    const delivery = this.handlers.pick(choice)
    const victim = this.#listener.victimOf(delivery)
    if (victim !== 'nobody') {
      this.#listener.kills(this.#index, delivery, victim)
      if (victim === 'thread' && choice.percent(SEEN)) this.guilty = [delivery]
      if (victim === 'thread') this.exit()
      return true
    }
    this.handlers.remove(delivery)
    this.#standsStill = false
    const failed = fails || (delivery.timedOut && choice.percent(70))
    // One that was told that its result is not wanted may give up: no failure of the record.
    if (delivery.aborted && choice.percent(50)) this.#end(delivery, 'discarded', 0, choice)
    else if (failed && !delivery.aborted) this.#fail(delivery, choice)
    else this.#end(delivery, 'done', 0, choice)
    return true
  }

  get canFlush(): boolean {
    return this.acks.hasUnposted && this.isFree
  }

  /** @returns how many acks were posted */
  flush(): number {
    return this.acks.post()
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #fail(delivery: Delivery, choice: Random): void {
    const { attempts, onExhausted, deadLetters, flaggedFailures } = this.#shape
    let flags = 0
    if (choice.percent(flaggedFailures)) flags |= FailureFlag.noDeadLetter
    if (choice.percent(flaggedFailures)) flags |= FailureFlag.noCircuitBreak
    const isRetried = delivery.first + delivery.failures < attempts && !choice.percent(NOT_RETRYABLE)
    if (isRetried && this.#policy.isClosing(delivery)) {
      this.#handBackBehind(delivery)
      this.#end(delivery, 'discarded', 0, choice)
      return
    }
    if (isRetried) {
      delivery.failures++
      this.#mark(delivery, 'parked', flags)
      delivery.timedOut = false
      delivery.overdue = false
      this.queue.park(delivery)
      this.#listener.parked(this.#index, delivery, flags)
      return
    }
    this.#end(delivery, 'failed', flags, choice)
    if (onExhausted === 'complete' || (deadLetters && (flags & FailureFlag.noDeadLetter) === 0)) return
    this.#policy.failed(delivery)
    this.#handBackClosing()
  }

  /** It must not start: it was cut, its key was handed back, or the work stops. */
  #isOver(delivery: Delivery): boolean {
    return this.#policy.isOver(delivery) || this.queue.isRefused(delivery)
  }

  #handBackClosing(): void {
    for (const delivery of this.queue.handBack((delivery) => this.#policy.isClosing(delivery))) this.#handBack(delivery)
  }

  #handBackBehind(delivery: Delivery): void {
    for (const behind of this.queue.refuseBehind(delivery)) this.#handBack(behind)
  }

  #handBack(delivery: Delivery): void {
    this.#listener.handedBack(this.#index, delivery)
    this.#acknowledge(delivery, 'discarded', 0, 0)
  }

  #refuse(delivery: Delivery): void {
    this.#listener.refused(this.#index, delivery)
    this.#acknowledge(delivery, 'discarded', 0, 0)
    this.queue.ended(delivery)
  }

  #end(delivery: Delivery, how: Ending, flags: number, choice: Random): void {
    this.#listener.ended(this.#index, delivery, how, flags)
    this.#acknowledge(delivery, how, flags, choice.below(20_000))
    this.queue.ended(delivery)
  }

  #acknowledge(delivery: Delivery, how: Ending, flags: number, micros: number): void {
    this.#mark(delivery, how, flags)
    this.acks.add(delivery, Outcome[how] + flags, micros)
  }

  #mark(delivery: Delivery, state: Ending | 'queued' | 'running' | 'parked', flags?: number): void {
    this.board.mark(delivery, state, delivery.first + delivery.failures, flags)
  }
}

/**
 * A place for worker threads and the thread in it, as the engine may rely on them: frames arrive in order, a start is
 * published on the board before the control words are read, an end is on the board before its ack is posted, and a death
 * loses what was not posted.
 *
 * A handler that returns no promise keeps its thread from everything else until it returns.
 */
import type { Random } from '../random.js'
import type { Shape } from '../shape.js'
import { AckBox } from './ack-box.js'
import { endBatch } from './batch-end.js'
import { SimBoard } from './board.js'
import { ClosingPolicy } from './closing-policy.js'
import { type Delivery, wasTried } from './delivery.js'
import { Gathering } from './gathering.js'
import { Handlers } from './handlers.js'
import { RecordEnds } from './record-ends.js'
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

/** Of a hundred deadly records so many are seen at it. */
const SEEN = 30

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
  /** Undefined where handlers take records one by one. */
  readonly #gathering: Gathering | undefined
  readonly #policy: ClosingPolicy
  readonly #ends: RecordEnds

  constructor(index: number, shape: Shape, listener: ThreadListener, isHeld: () => boolean) {
    this.#index = index
    this.#shape = shape
    this.#listener = listener
    this.#isHeld = isHeld
    this.queue = new ThreadQueue(shape)
    this.#policy = new ClosingPolicy(this.board)
    this.#ends = new RecordEnds({
      ...{ index, shape, listener, board: this.board, acks: this.acks, policy: this.#policy },
      queueOf: () => this.queue,
    })
    if (shape.batchSize > 0) this.#gathering = new Gathering(shape.batchSize, this.board)
  }

  get isAlive(): boolean {
    return this.state === 'up' || this.state === 'terminating'
  }

  get isStarting(): boolean {
    return this.#starting !== undefined || this.#gathering?.isEmpty === false
  }

  /** It has nothing to do and nothing to tell. */
  get isIdle(): boolean {
    return this.#frames.length === 0 && this.acks.isEmpty && this.queue.isEmpty
  }

  /** Its board shows such a delivery as running. */
  shows(matches: (delivery: Delivery) => boolean): boolean {
    if (this.#starting !== undefined && matches(this.#starting)) return true
    if (this.#gathering?.some(matches) === true) return true
    return this.handlers.some(matches) || this.ran.some(matches)
  }

  /** Its event loop turns: it hears what main says. */
  get isFree(): boolean {
    return this.isAlive && !this.isStarting && !this.handlers.isBusy
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
    this.ran = [...this.handlers.takeAll(), ...(this.#gathering?.complete() ?? [])]
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
    this.#ends.handBackClosing()
    return true
  }

  /** The next attempt of a parked record is due. */
  due(choice: Random): boolean {
    return this.isFree && !this.isGivenUp && this.queue.due(choice)
  }

  publish(): boolean {
    if (!this.isAlive || this.handlers.isBusy || this.#starting !== undefined) return false
    const isFirst = this.#gathering?.isEmpty !== false
    if (isFirst && (this.isGivenUp || this.#standsStill)) return false
    if (this.#gathering !== undefined && isFirst && this.handlers.count >= this.#shape.concurrency) return false
    const delivery = this.#gathering === undefined ? this.queue.take() : this.#gathering.next(this.queue)
    if (delivery === undefined) return false
    this.#ends.mark(delivery, 'running')
    this.#starting = delivery
    this.#listener.published(this.#index, delivery)
    return true
  }

  /** Reads the control words, then calls the handler, hands the record back or waits with it. */
  start(choice: Random): boolean {
    const delivery = this.#starting
    if (delivery === undefined || this.#isHeld()) return false
    this.#starting = undefined
    if (this.#ends.isOver(delivery)) {
      this.#ends.refuse(delivery)
    } else if (wasTried(delivery) && this.#policy.isClosing(delivery)) {
      this.#ends.handBackBehind(delivery)
      this.#ends.refuse(delivery)
    } else if (!this.board.admits(delivery.slot)) {
      // As if it had never been published. One of a single partition lets the others pass.
      this.#ends.mark(delivery, wasTried(delivery) ? 'parked' : 'queued')
      if (this.#gathering?.isBehind === true) {
        this.queue.putBehind([delivery])
      } else {
        this.#standsStill = this.#shape.circuit?.scope === 'work'
        if (this.#standsStill) this.queue.putBack(delivery)
        else this.queue.setAside(delivery)
      }
      this.#listener.heldBack(this.#index, delivery)
    } else if (this.#gathering !== undefined) {
      // From here on nothing keeps it from running: main takes it for started, and so does the checker.
      this.queue.started(delivery)
      this.#listener.started(this.#index, delivery, this.#gathering.admit(delivery))
      return true
    } else {
      const run = [delivery]
      this.queue.started(delivery)
      this.#listener.started(this.#index, delivery, run)
      this.handlers.add(run, choice.percent(this.#shape.syncHandlers))
    }
    this.#gathering?.passed()
    return true
  }

  /** The handler is called with the batch that was gathered. */
  begin(choice: Random): boolean {
    if (this.#gathering === undefined || this.#starting !== undefined || this.#gathering.isEmpty) return false
    const run = this.#gathering.complete()
    this.#listener.began(this.#index, run)
    this.handlers.add(run, choice.percent(this.#shape.syncHandlers))
    return true
  }

  get canFinish(): boolean {
    return this.isAlive && !this.isStarting && this.handlers.mayEnd
  }

  /** A handler ends, well or not. */
  finish(fails: boolean, choice: Random): boolean {
    if (!this.canFinish) return false
    const run = this.handlers.pick(choice)
    for (const delivery of run) {
      const victim = this.#listener.victimOf(delivery)
      if (victim === 'nobody') continue
      this.#listener.kills(this.#index, delivery, victim)
      if (victim === 'thread' && choice.percent(SEEN)) this.guilty = [delivery]
      if (victim === 'thread') this.exit()
      return true
    }
    this.handlers.remove(run)
    this.#standsStill = false
    if (this.#gathering !== undefined) {
      endBatch(run, fails, this.queue, this.#ends, choice)
      return true
    }
    const [delivery] = run as [Delivery]
    const failed = fails || (delivery.timedOut && choice.percent(70))
    // One that was told that its result is not wanted may give up: no failure of the record.
    if (delivery.aborted && choice.percent(50)) this.#ends.end(delivery, 'discarded', 0, choice)
    else if (failed && !delivery.aborted) this.#ends.fail(delivery, choice)
    else this.#ends.end(delivery, 'done', 0, choice)
    return true
  }

  get canFlush(): boolean {
    return this.acks.hasUnposted && this.isFree
  }

  /** @returns how many acks were posted */
  flush(): number {
    return this.acks.post()
  }
}

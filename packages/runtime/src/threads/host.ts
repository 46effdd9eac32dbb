/**
 * N places for threads. A place keeps its index and its board; the thread in it may die and is replaced, and whoever
 * listens hears of it between the two: `gone`, then, once the next one is set up, `up`.
 */
import { setTimeout } from 'node:timers/promises'
import type { PartitionSlot, TopicPartition } from '@zk/engine'
import { errors } from '../errors.js'
import type { ResolvedProcessor } from '../processor-module/resolve-processor.js'
import { within } from '../within.js'
import { ZkError } from '../zk-error.js'
import { Board, MAX_SLOTS } from './board.js'
import type { FromThread, ThreadSetup, ToThread } from './protocol.js'
import { RegistryDesk } from './registry-desk.js'
import { stuckStack } from './stuck-stack.js'
import { Thread } from './thread.js'
import { deathOf, endOf, type ThreadEnd } from './thread-end.js'
import type { WatchedThreads } from './watchdog.js'

/** A thread that dies over its start, or is too slow over it, is tried again after so many ms; then the work stops. */
const RESTART_DELAYS_MS = [100, 500, 2_000]
/** What may pass by itself. A module that cannot be loaded is as bad the next time. */
const MAY_PASS = ['ZK_THREAD_START_FAILED', 'ZK_PROCESSOR_SETUP_FAILED']

/** What `setup` sees as its index in a thread that only tries a module: one of those that there are. */
const SPARE = 0

export interface ThreadHostOptions {
  threads: number
  setup: ThreadSetup
  setupTimeoutMs: number
  terminateTimeoutMs: number
  maxHeapMb: number | undefined
  stdoutToStderr: boolean
}

export interface ThreadListener {
  message(index: number, message: FromThread): void
  up(index: number): void
  /** A thread did not start, and is tried again in so many milliseconds. */
  notStarted(index: number, error: Error, delayMs: number): void
  gone(index: number, end: ThreadEnd): void
  /** A dead thread's place cannot be filled, or a thread cannot be ended. */
  lost(error: Error): void
}

interface Place {
  readonly board: Board
  thread: Thread | undefined
  up: boolean
  /** Resolves when its thread has ended and the next one is up, or none can be. */
  replaced: Promise<void>
  /** How its thread is about to end, where that is decided already. */
  ending: ThreadEnd | undefined
}

const PLANNED: ThreadEnd = { planned: true, cause: 'exit', error: undefined, guilty: [] }

export class ThreadHost implements WatchedThreads {
  readonly boards: readonly Board[]
  readonly #options: ThreadHostOptions
  readonly #listener: ThreadListener
  readonly #places: Place[]
  readonly #names = new Map<PartitionSlot, TopicPartition>()
  readonly #registries = new RegistryDesk()
  #stopping = false
  #waking = false

  constructor(options: ThreadHostOptions, listener: ThreadListener) {
    this.#options = options
    this.#listener = listener
    this.#places = Array.from({ length: options.threads }, () => ({
      board: new Board(options.setup.capacity),
      thread: undefined,
      up: false,
      replaced: Promise.resolve(),
      ending: undefined,
    }))
    this.boards = this.#places.map(({ board }) => board)
    // Where it follows the handlers it begins with one.
    const { concurrency } = options.setup
    for (const board of this.boards) board.concurrency = concurrency === 'auto' ? 1 : concurrency
  }

  /**
   * Starts every thread. When one cannot be set up the others go on: `stop` ends them.
   * @throws ZkError of the first thread that failed for good
   */
  async start(): Promise<void> {
    // One thread tries the module before the others do: a bad module is reported once.
    await this.#fillPatiently(0)
    await Promise.all(this.#places.map((_, index) => (index === 0 ? undefined : this.#fillPatiently(index))))
  }

  /** The thread is set up and takes records. */
  isUp(index: number): boolean {
    return this.#places[index]!.up
  }

  /** Share of the time since the last call in which the thread's event loop was busy, 0 to 1. */
  utilization(index: number): number {
    return this.#places[index]!.thread?.utilization() ?? 0
  }

  /** How long the event loop of the thread in this place was idle and busy; undefined when there is none. */
  loopTimes(index: number): { idle: number; active: number } | undefined {
    return this.#places[index]!.thread?.loopTimes()
  }

  /**
   * The frame is transferred. Sending to a place whose thread has died does nothing: the engine sends those records again
   * once it hears `gone`.
   */
  send(index: number, frame: ArrayBuffer): void {
    this.#places[index]!.thread?.post(frame, [frame])
  }

  /** The same for a frame of which some records have values. */
  sendWithValues(index: number, frame: ArrayBuffer, values: ArrayBuffer): void {
    this.#places[index]!.thread?.post({ type: 'records', frame, values }, [frame, values])
  }

  /** Before the first record of the slot is sent. */
  announce(slot: PartitionSlot, name: TopicPartition): void {
    if (slot >= MAX_SLOTS) throw errors.ZK_INTERNAL(`More than ${MAX_SLOTS} partitions were assigned over time`)
    if (this.#names.has(slot)) return
    this.#names.set(slot, name)
    for (const { thread, up } of this.#places) if (up) thread!.post({ type: 'partition', slot, ...name })
  }

  /** Tells running handlers of these partitions to give up. */
  abort(slots: readonly PartitionSlot[], reason: 'revoked' | 'shutdown' | 'aborted'): void {
    this.#tellAll({ type: 'abort', slots, reason })
  }

  /** Answers sends of the thread. */
  answerSends(index: number, answer: Extract<ToThread, { type: 'sent' }>): void {
    this.#tell(index, answer)
  }

  /** After cuts on the boards have changed, or whether records may start. */
  wake(): void {
    if (this.#waking) return
    this.#waking = true
    // Once for all that changes in this turn, such as the cuts of a hundred partitions.
    queueMicrotask(() => {
      this.#waking = false
      this.#tellAll({ type: 'wake' })
    })
  }

  /** After `concurrency` on the boards has changed. */
  tellLimit(): void {
    this.#tellAll({ type: 'limit' })
  }

  /** The deadline of a delivery has passed: `heard` is the answer. */
  tellTimeout(index: number, ticket: number, sequence: number): void {
    this.#tell(index, { type: 'timeout', ticket, sequence })
  }

  /** Any message is an answer. */
  ask(index: number): void {
    this.#tell(index, { type: 'ask' })
  }

  /** The thread starts nothing more. */
  tellRetire(index: number): void {
    this.#tell(index, { type: 'retire' })
  }

  /** Where the thread is; undefined when that cannot be told in time. @param timeoutMs in milliseconds */
  async stackOf(index: number, timeoutMs: number): Promise<string[] | undefined> {
    const { thread } = this.#places[index]!
    return thread === undefined ? undefined : stuckStack(thread.id, thread.gone, timeoutMs)
  }

  /** Ends the thread now; `gone` follows with this end, or `lost` when it cannot be ended. Its place is filled again. */
  end(index: number, end: ThreadEnd): void {
    const place = this.#places[index]!
    const { thread } = place
    if (thread === undefined || !place.up || this.#stopping) return
    place.ending ??= endOf(place.board, end)
    void this.#awaitEnd(index, thread)
  }

  async #awaitEnd(index: number, thread: Thread): Promise<void> {
    const { terminateTimeoutMs } = this.#options
    if ((await thread.end(terminateTimeoutMs)) || this.#stopping) return
    this.#listener.lost(errors.ZK_THREAD_UNSTOPPABLE([index], terminateTimeoutMs))
  }

  #tell(index: number, message: ToThread): void {
    const { thread, up } = this.#places[index]!
    if (up) thread!.post(message)
  }

  #tellAll(message: ToThread): void {
    for (const { thread, up } of this.#places) if (up) thread!.post(message)
  }

  /**
   * Replaces every thread, one after the other, by one that runs this module. A spare thread tries it first.
   *
   * @param retire resolves when the thread may end; false when none may any more
   * @throws ZkError when the module cannot be set up; the threads go on with the one before
   */
  async reload({ url, source, hooks }: ResolvedProcessor, retire: (index: number) => Promise<boolean>): Promise<void> {
    if (this.#stopping) return
    const before = this.#options.setup
    const setup = {
      ...{ ...before, processorUrl: url, processorSource: source },
      hooks: before.hooks && { ...before.hooks, module: hooks && { url: hooks.url, source: hooks.source } },
    }
    const spare = this.#spawn(SPARE, new Board(1).buffer)
    try {
      // Its marks would be those of the thread whose index it has.
      await spare.setup({ ...setup, marks: undefined }, this.#options.setupTimeoutMs)
    } finally {
      spare.terminate()
    }
    this.#options.setup = setup
    for (const [index, place] of this.#places.entries()) {
      const { thread, replaced } = place
      if (thread === undefined || this.#stopping) continue
      if (!(await retire(index))) return
      // One that dies before its planned end has died, and whoever follows it runs this module already.
      if (place.thread === thread) {
        const { terminateTimeoutMs } = this.#options
        place.ending = PLANNED
        await thread.stop(terminateTimeoutMs)
        if (!(await thread.end(terminateTimeoutMs))) throw errors.ZK_THREAD_UNSTOPPABLE([index], terminateTimeoutMs)
      }
      await replaced
    }
  }

  /**
   * Ends all threads: in order, with teardown, or at once.
   * @returns errors of teardowns
   * @throws ZkError ZK_THREAD_UNSTOPPABLE when some thread blocks in a native call
   */
  async stop({ graceful }: { graceful: boolean }): Promise<Error[]> {
    this.#stopping = true
    this.#registries.close()
    const { terminateTimeoutMs } = this.#options
    const threads = this.#places.flatMap(({ thread }, index) => (thread === undefined ? [] : [{ thread, index }]))
    const failures = graceful ? await Promise.all(threads.map(({ thread }) => thread.stop(terminateTimeoutMs))) : []
    for (const { thread } of threads) thread.terminate()
    const stuck = new Set(threads.map(({ index }) => index))
    const allGone = Promise.all(threads.map(({ thread, index }) => thread.gone.then(() => stuck.delete(index))))
    await within(terminateTimeoutMs, allGone, undefined)
    if (stuck.size > 0) throw errors.ZK_THREAD_UNSTOPPABLE([...stuck], terminateTimeoutMs)
    return failures.filter((error) => error !== undefined)
  }

  #spawn(index: number, board: SharedArrayBuffer): Thread {
    const { stdoutToStderr, maxHeapMb } = this.#options
    return new Thread({
      index,
      board,
      stdoutToStderr,
      maxHeapMb,
      registries: this.#registries,
      onMessage: (message) => this.#listener.message(index, message),
    })
  }

  async #fill(index: number): Promise<void> {
    if (this.#stopping) throw errors.ZK_THREAD_START_FAILED(index, 'the work is ending')
    const { setup, setupTimeoutMs, terminateTimeoutMs } = this.#options
    const place = this.#places[index]!
    place.board.reset()
    place.ending = undefined
    const thread = this.#spawn(index, place.board.buffer)
    place.thread = thread
    try {
      await thread.setup(setup, setupTimeoutMs)
    } catch (error) {
      if (!(await thread.end(terminateTimeoutMs))) {
        throw errors.ZK_THREAD_UNSTOPPABLE([index], terminateTimeoutMs, { cause: error })
      }
      place.thread = undefined
      throw error
    }
    for (const [slot, name] of this.#names) thread.post({ type: 'partition', slot, ...name })
    place.up = true
    place.replaced = thread.gone.then((error) => this.#replace(index, error))
    this.#listener.up(index)
  }

  async #replace(index: number, error: Error | undefined): Promise<void> {
    const place = this.#places[index]!
    place.up = false
    place.thread = undefined
    if (this.#stopping) return
    this.#listener.gone(index, place.ending ?? deathOf(index, place.board, error))
    try {
      await this.#fillPatiently(index)
    } catch (error) {
      if (!this.#stopping) this.#listener.lost(error as Error)
    }
  }

  async #fillPatiently(index: number): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#fill(index)
      } catch (error) {
        const delayMs = RESTART_DELAYS_MS[attempt]
        const mayPass = ZkError.is(error) && MAY_PASS.includes(error.code)
        if (delayMs === undefined || !mayPass || this.#stopping) throw error
        this.#listener.notStarted(index, error as Error, delayMs)
        await setTimeout(delayMs, undefined, { ref: false })
      }
    }
  }
}

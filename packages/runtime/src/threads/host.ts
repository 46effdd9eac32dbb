/**
 * N places for threads. A place keeps its index and its board; the thread in it may die and is replaced, and whoever
 * listens hears of it between the two: `gone`, then, once the next one is set up, `up`.
 */
import { setTimeout } from 'node:timers/promises'
import type { PartitionSlot, TopicPartition } from '@zk/engine'
import { errors } from '../errors.js'
import type { ResolvedProcessor } from '../processor-module/resolve-processor.js'
import { within } from '../within.js'
import { Board } from './board.js'
import { MAX_SLOTS } from './board-layout.js'
import type { FromThread, ThreadSetup, ToThread } from './protocol.js'
import { Thread, type ThreadCause } from './thread.js'

/** A thread that dies over its start is tried again after so many ms; after the last the work stops. */
const RESTART_DELAYS_MS = [100, 500, 2_000]

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
  /** `planned`: it was retired to be replaced. */
  gone(index: number, cause: ThreadCause, how: { planned: boolean }): void
  /** A dead thread's place cannot be filled. */
  lost(error: Error): void
}

interface Place {
  readonly board: Board
  thread: Thread | undefined
  up: boolean
  /** Resolves when its thread has ended and the next one is up, or none can be. */
  replaced: Promise<void>
  /** Its thread is to end and to be replaced: no death. */
  retiring: boolean
}

export class ThreadHost {
  readonly boards: readonly Board[]
  readonly #options: ThreadHostOptions
  readonly #listener: ThreadListener
  readonly #places: Place[]
  readonly #names = new Map<PartitionSlot, TopicPartition>()
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
      retiring: false,
    }))
    this.boards = this.#places.map(({ board }) => board)
  }

  /**
   * Starts every thread. When one cannot be set up the others go on: `stop` ends them.
   * @throws ZkError of the first thread that failed
   */
  async start(): Promise<void> {
    // One thread tries the module before the others do: a bad module is reported once.
    await this.#fill(0)
    await Promise.all(this.#places.map((_, index) => (index === 0 ? undefined : this.#fill(index))))
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

  #tellAll(message: ToThread): void {
    for (const { thread, up } of this.#places) if (up) thread!.post(message)
  }

  /**
   * Replaces every thread, one after the other, by one that runs this module. A spare thread tries it first.
   *
   * @param retire resolves when the thread may end; false when none may any more
   * @throws ZkError when the module cannot be set up; the threads go on with the one before
   */
  async reload({ url, source }: ResolvedProcessor, retire: (index: number) => Promise<boolean>): Promise<void> {
    if (this.#stopping) return
    const setup = { ...this.#options.setup, processorUrl: url, processorSource: source }
    const spare = this.#spawn(SPARE, new Board(1).buffer)
    try {
      await spare.setup(setup, this.#options.setupTimeoutMs)
    } finally {
      spare.terminate()
    }
    this.#options.setup = setup
    for (const [index, place] of this.#places.entries()) {
      const { thread, replaced } = place
      if (thread === undefined || this.#stopping) continue
      place.retiring = true
      if (!(await retire(index))) {
        place.retiring = false
        return
      }
      await thread.stop(this.#options.terminateTimeoutMs)
      thread.terminate()
      const { terminateTimeoutMs } = this.#options
      if (
        !(await within(
          terminateTimeoutMs,
          thread.gone.then(() => true),
          false,
        ))
      ) {
        throw errors.ZK_THREAD_UNSTOPPABLE([index], terminateTimeoutMs)
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
      onMessage: (message) => this.#listener.message(index, message),
    })
  }

  async #fill(index: number): Promise<void> {
    if (this.#stopping) throw errors.ZK_THREAD_START_FAILED(index, 'the work is ending')
    const { setup, setupTimeoutMs, terminateTimeoutMs } = this.#options
    const place = this.#places[index]!
    place.board.reset()
    place.retiring = false
    const thread = this.#spawn(index, place.board.buffer)
    place.thread = thread
    try {
      await thread.setup(setup, setupTimeoutMs)
    } catch (error) {
      thread.terminate()
      const gone = thread.gone.then(() => true)
      if (!(await within(terminateTimeoutMs, gone, false))) {
        throw errors.ZK_THREAD_UNSTOPPABLE([index], terminateTimeoutMs, { cause: error })
      }
      place.thread = undefined
      throw error
    }
    for (const [slot, name] of this.#names) thread.post({ type: 'partition', slot, ...name })
    place.up = true
    place.replaced = thread.gone.then((cause) => this.#replace(index, cause))
    this.#listener.up(index)
  }

  async #replace(index: number, cause: ThreadCause): Promise<void> {
    const place = this.#places[index]!
    place.up = false
    place.thread = undefined
    if (this.#stopping) return
    const planned = place.retiring
    this.#listener.gone(index, cause, { planned })
    for (let attempt = 0; !this.#stopping; attempt++) {
      try {
        await this.#fill(index)
        return
      } catch (error) {
        const delay = RESTART_DELAYS_MS[attempt]
        if (delay === undefined) {
          if (!this.#stopping) this.#listener.lost(error as Error)
          return
        }
        await setTimeout(delay)
      }
    }
  }
}

/**
 * One worker thread, from its start to its end: the main side of thread-main.
 *
 * piscina hosts it, one pool of one thread per life, so that the thread, its task and its end are one thing. It is gone
 * when the worker's 'exit' *and* the data port's 'close' have been seen: with a busy main thread the exit can come before
 * thousands of acks, and only the port's close says that none is left.
 */
import { once } from 'node:events'
import type { EventLoopUtilization } from 'node:perf_hooks'
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import { type Remote, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { Piscina } from 'piscina'
import { reviveError } from '../describe-error.js'
import { errors } from '../errors.js'
import { within } from '../within.js'
import type {
  FromThread,
  RegistryAsked,
  ThreadAnswer,
  ThreadControl,
  ThreadSetup,
  ThreadTask,
  ToThread,
} from './protocol.js'
import type { RegistryDesk } from './registry-desk.js'

export interface ThreadOptions {
  index: number
  board: SharedArrayBuffer
  stdoutToStderr: boolean
  maxHeapMb: number | undefined
  registries: RegistryDesk
  onMessage(message: FromThread): void
}

export class Thread {
  /** Resolves, with what it threw, if anything, when none of the thread's JavaScript can run and no message of it is on its way. */
  readonly gone: Promise<Error | undefined>
  readonly #index: number
  readonly #pool: Piscina
  readonly #worker: Worker
  readonly #data: MessagePort
  readonly #controlPort: MessagePort
  /** Kept for the thread's life: comlink drops the calls in flight of a proxy that is collected. */
  readonly #control: Remote<ThreadControl>
  #cause: Error | undefined
  /** The event loop's times at the last look. */
  #lastLoop: EventLoopUtilization | undefined

  constructor({ index, board, stdoutToStderr, maxHeapMb, registries, onMessage }: ThreadOptions) {
    this.#index = index
    this.#pool = new Piscina({
      filename: new URL('./thread-main.js', import.meta.url).href,
      name: 'runThread',
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // The default lets an idle worker block its event loop in Atomics.wait.
      atomics: 'disabled',
      ...(maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    })
    this.#pool.on('error', (error: Error) => this.#blame(error))
    this.#worker = this.#pool.threads[0]!
    const data = new MessageChannel()
    const control = new MessageChannel()
    this.#data = data.port1
    this.#controlPort = control.port1
    this.#control = wrap<ThreadControl>(nodeEndpoint(control.port1))
    // Not once(): that would reject on the worker's 'error', which comes before the exit of a thread that threw.
    const exit = new Promise((resolve) => this.#worker.once('exit', resolve))
    const close = once(this.#data, 'close')
    this.#data.on('message', (message: FromThread | RegistryAsked) => {
      // The answer goes to this thread, and to nobody where it is gone: not to the next one in its place.
      if (message.type === 'registry') registries.answer(message, (answered) => this.post(answered))
      else onMessage(message)
    })
    const task: ThreadTask = { index, data: data.port2, control: control.port2, board, stdoutToStderr }
    this.#pool.run(task, { transferList: [data.port2, control.port2] }).catch((error: Error) => this.#blame(error))
    this.gone = this.#end(exit, close)
  }

  /** As the worker module and the inspector have it. */
  get id(): number {
    return this.#worker.threadId
  }

  /** Share of the time since the last call that the thread's event loop was busy, 0 to 1. */
  utilization(): number {
    const now = this.#worker.performance.eventLoopUtilization()
    const since =
      this.#lastLoop === undefined ? now : this.#worker.performance.eventLoopUtilization(now, this.#lastLoop)
    this.#lastLoop = now
    return since.utilization
  }

  /** For how long, in milliseconds of its life, the thread's event loop was idle and was busy. */
  loopTimes(): EventLoopUtilization {
    return this.#worker.performance.eventLoopUtilization()
  }

  /** @throws ZkError when the processor cannot be loaded, its set-up fails, or the thread dies or is too slow over it. */
  async setup(setup: ThreadSetup, timeoutMs: number): Promise<void> {
    const answer = await this.#call(() => this.#control.setup(setup), timeoutMs)
    if (answer === 'timeout') throw errors.ZK_PROCESSOR_SETUP_FAILED(this.#index, `not ready after ${timeoutMs} ms`)
    if (answer === 'gone') {
      const why = this.#cause === undefined ? 'the thread exited during its start' : this.#cause.message
      throw errors.ZK_THREAD_START_FAILED(this.#index, why, { cause: this.#cause })
    }
    if (answer.ok) return
    const error = reviveError(answer.error)
    if ('code' in error && String(error.code).startsWith('ZK_')) throw error
    throw errors.ZK_PROCESSOR_SETUP_FAILED(this.#index, error.message, { cause: error })
  }

  post(message: ToThread, transfer: readonly ArrayBuffer[] = []): void {
    this.#data.postMessage(message, transfer)
  }

  /**
   * Runs the processor's teardown, then ends the thread.
   * @returns the error of a teardown that failed or took too long
   */
  async stop(timeoutMs: number): Promise<Error | undefined> {
    const answer = await this.#call(() => this.#control.teardown(), timeoutMs)
    this.#data.close()
    if (answer === 'timeout') return new Error(`teardown() was not done after ${timeoutMs} ms`)
    return answer === 'gone' || answer.ok ? undefined : reviveError(answer.error)
  }

  /** Ends the thread now, and waits. @returns false when it is not gone after so many milliseconds */
  async end(timeoutMs: number): Promise<boolean> {
    this.terminate()
    return within(
      timeoutMs,
      this.gone.then(() => true),
      false,
    )
  }

  /** Ends the thread now. Its JavaScript stops at once; a blocking native call holds it until it returns. */
  terminate(): void {
    void this.#pool.destroy().catch(() => {})
  }

  #call(call: () => Promise<ThreadAnswer>, timeoutMs: number): Promise<ThreadAnswer | 'timeout' | 'gone'> {
    // comlink's promises never settle when the other side dies.
    const gone = this.gone.then(() => 'gone' as const)
    return within(timeoutMs, Promise.race([call(), gone]), 'timeout' as const)
  }

  async #end(exit: Promise<unknown>, close: Promise<unknown>): Promise<Error | undefined> {
    // The pool would start another worker in the dead one's place.
    void exit.then(() => this.terminate())
    await Promise.all([exit, close])
    this.#controlPort.close()
    return this.#cause
  }

  #blame(error: Error): void {
    this.#cause ??= error
  }
}

/** What threads say and what becomes of them, told to the engine and to whoever watches; and their planned replacement. */
import { setTimeout as delay } from 'node:timers/promises'
import { ACK_WORDS, Outcome, type WorkEngine } from '@zk/engine'
import type { Outputs } from '../delivery/outputs.js'
import { reviveError } from '../describe-error.js'
import type { RunHealth } from '../health/run-health.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Logger } from '../log/logger.js'
import { writeLogBatch } from '../log/write-log-batch.js'
import type { ThreadHost } from '../threads/host.js'
import type { FromThread } from '../threads/protocol.js'
import type { ThreadEnd } from '../threads/thread-end.js'
import type { Watchdog } from '../threads/watchdog.js'
import type { WorkEvent } from './events.js'
import type { Failures } from './failures.js'

/** How often a thread that is to be replaced is looked at. */
const RETIRE_LOOK_MS = 20

export interface ThreadEventsOptions {
  engine: WorkEngine<PackedBatch>
  host: ThreadHost
  failures: Failures
  outputs: Outputs
  watchdog: Watchdog
  health: RunHealth
  logger: Logger
  /** Records ended by each thread: counted here. */
  processedBy: Float64Array
  drainTimeoutMs: number
  /** Messages in the window where handlers take batches. */
  leastForBatches: number
  emit(event: WorkEvent): void
  /** The run is ending. */
  isEnding(): boolean
  /** A hook failed in a thread. */
  hookFailed(hook: string, error: Error, times: number, fields: object): void
}

export class ThreadEvents {
  readonly #options: ThreadEventsOptions

  constructor(options: ThreadEventsOptions) {
    this.#options = options
  }

  message(index: number, message: FromThread): void {
    const { engine, failures, logger, outputs, processedBy, watchdog } = this.#options
    watchdog.sign(index)
    if (message.type === 'here') return
    if (message.type === 'log') {
      writeLogBatch(logger, message.batch)
      return
    }
    if (message.type === 'heard') {
      watchdog.heard(index, message.ticket, message.sequence)
      return
    }
    if (message.type === 'sends') {
      outputs.accept(index, message.batch)
      return
    }
    if (message.type === 'hook-errors') {
      for (const { hook, times, error, ...place } of message.faults) {
        this.#options.hookFailed(hook, reviveError(error), times, { thread: index, ...place })
      }
      return
    }
    const acks = new Int32Array(message.acks)
    const count = acks.length / ACK_WORDS
    for (let at = 2; at < acks.length; at += ACK_WORDS) {
      if (acks[at] !== Outcome.discarded) processedBy[index]!++
    }
    failures.during(message.failures, () => engine.acks(index, acks, count))
  }

  up(index: number): void {
    const { engine, host, health, leastForBatches, emit } = this.#options
    // Or they would never be full.
    if (host.boards[index]!.hasBatches) engine.takesBatches(leastForBatches)
    health.threadUp(index)
    emit({ type: 'thread-up', thread: index })
    engine.threadUp(index)
  }

  notStarted(index: number, error: Error, delayMs: number): void {
    this.#options.logger.warn(
      { err: error, thread: index },
      `A thread did not start; the next attempt follows in ${delayMs} ms`,
    )
  }

  gone(index: number, end: ThreadEnd): void {
    const { engine, health, logger, outputs, watchdog, emit } = this.#options
    const { planned, cause, error, guilty } = end
    if (!planned) {
      const fields = { err: error, thread: index, cause }
      logger.error(fields, `A thread died (${cause}); what it had goes to its successor, in order`)
    }
    watchdog.gone(index)
    outputs.threadGone(index)
    health.threadGone(index, end)
    emit({ type: 'thread-gone', thread: index, cause: error?.message })
    this.#options.failures.duringDeath(end, () => engine.threadGone(index, { planned, guilty }))
  }

  /**
   * Sends the thread nothing more and waits, as long as a drain may take, until it holds nothing.
   *
   * @returns false when the run is ending, which the thread is needed for
   */
  async retire(index: number): Promise<boolean> {
    const { engine, host, health, drainTimeoutMs, isEnding } = this.#options
    engine.retire(index)
    health.retired(index)
    const deadline = performance.now() + drainTimeoutMs
    while (engine.heldBy(index) > 0 && performance.now() < deadline && !isEnding()) await delay(RETIRE_LOOK_MS)
    if (!isEnding()) return true
    if (host.isUp(index)) {
      health.threadUp(index)
      engine.threadUp(index)
    }
    return false
  }
}

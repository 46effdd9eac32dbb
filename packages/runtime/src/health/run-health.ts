/** What watches one run: stalls, threads, main's event loop; asked by `work.health()` and `work.metrics()`. */
import { type PartitionSlot, Phase, type WorkEngine } from '@zk/engine'
import type { WorkConfig } from '../config/work-config.js'
import type { Outputs } from '../delivery/outputs.js'
import type { DeadLetterHealth } from '../delivery/refusal-log.js'
import type { Consumer } from '../kafka/consumer.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Logger } from '../log/logger.js'
import type { ThreadHost } from '../threads/host.js'
import type { ThreadEnd } from '../threads/thread-end.js'
import type { WorkState } from '../work/state.js'
import type { CircuitLog } from './circuit-log.js'
import type { MainThread } from './main-thread.js'
import type { Measurements } from './metric-entry.js'
import { StallDetector } from './stall-detector.js'
import { ThreadDeaths } from './thread-deaths.js'
import { ThreadLoops } from './thread-loops.js'
import { judge, type WorkHealth } from './work-health.js'

export interface RunHealthOptions {
  config: WorkConfig
  logger: Logger
  mainThread: MainThread
  engine: WorkEngine<PackedBatch>
  host: ThreadHost
  consumer: Consumer
  outputs: Pick<Outputs, 'counters' | 'waiting'>
  circuits: CircuitLog
  /** Undefined without a dead letter topic. */
  deadLetters(): DeadLetterHealth | undefined
  /** Records ended by each thread. */
  processedBy: Float64Array
  /** Nothing starts until the group has confirmed the assignment. */
  isFrozen(): boolean
}

export class RunHealth {
  readonly #options: RunHealthOptions
  readonly #loops: ThreadLoops
  readonly #detector: StallDetector
  readonly #deaths = new ThreadDeaths()
  /** By thread: since when it does not serve. Threads start before anything is read. */
  readonly #down = new Map<number, number>()
  #assigned = false
  #commits = 0

  constructor(options: RunHealthOptions) {
    const { config, logger, engine, host, consumer, circuits, deadLetters, processedBy, isFrozen } = options
    this.#options = options
    this.#loops = new ThreadLoops({
      threads: config.speedup,
      timesOf: (thread) => host.loopTimes(thread),
      endedBy: (thread) => processedBy[thread]!,
    })
    this.#detector = new StallDetector({
      sources: {
        engine,
        boards: host.boards,
        loops: this.#loops,
        circuits,
        deadLetters,
        isFrozen,
        downSince: (thread) => this.#down.get(thread),
      },
      stallAfterMs: config.stallAfterMs,
      logger,
      highWatermark: (partition) => consumer.cluster.highWatermark(partition),
      readableEnd: async (partition) => (await consumer.cluster.end(partition))?.end,
    })
  }

  /** @param periodMs when the next call is due */
  tick(periodMs: number): void {
    const now = performance.now()
    this.#options.mainThread.tick(now, periodMs)
    this.#loops.tick(now)
    this.#detector.tick({ ms: now, wallMs: Date.now() })
  }

  /** The group has answered. */
  assigned(): void {
    this.#assigned = true
  }

  /** The group has given our partitions away. */
  lost(): void {
    this.#assigned = false
  }

  reachedEnd(slot: PartitionSlot, offset: number): void {
    this.#detector.reachedEnd(slot, offset)
  }

  committed(): void {
    this.#commits++
  }

  /** The thread is sent nothing more, and will be replaced. */
  retired(thread: number): void {
    this.#down.set(thread, performance.now())
  }

  threadGone(thread: number, { planned, cause }: ThreadEnd): void {
    if (!planned) this.#deaths.count(cause)
    if (!this.#down.has(thread)) this.#down.set(thread, performance.now())
  }

  threadUp(thread: number): void {
    this.#down.delete(thread)
  }

  /** Share of the last second in which the thread's event loop was busy, 0 to 1. */
  busy(thread: number): number {
    return this.#loops.busy(thread)
  }

  /** The run has ended. */
  stopped(): void {
    this.#options.mainThread.rest()
    this.#detector.forget()
  }

  report(phase: WorkState['phase'], failure: Error | undefined): WorkHealth {
    const { mainThread, circuits, deadLetters, isFrozen } = this.#options
    const now = performance.now()
    const circuit = circuits.holdingAll()
    return judge({
      phase,
      assigned: this.#assigned,
      failure,
      frozen: isFrozen(),
      deadLetters: deadLetters(),
      circuit: circuit && { state: circuit.state, forMs: now - circuit.since },
      longestStop: mainThread.longestStop(now),
      blocks: mainThread.blocks,
      recentBlock: mainThread.recentBlock(),
      stalls: this.#detector.stalls,
    })
  }

  measure(state: WorkState, failure: Error | undefined): Measurements {
    const { engine, mainThread, outputs, circuits, deadLetters } = this.#options
    const now = performance.now()
    return {
      state,
      health: this.report(state.phase, failure),
      stoodMs: state.partitions.map((partition) => this.#detector.stoodMs(engine.assignments.slotOf(partition), now)),
      deaths: this.#deaths.counts,
      stalls: [...this.#detector.counts],
      blocked: mainThread.blockedTimes(),
      deadLetters: deadLetters(),
      circuits: {
        scope: circuits.breakerScope,
        work: circuits.holdingAll()?.state ?? 'closed',
        changes: circuits.changes,
      },
      delayed: countDelayed(engine.inFlight, Date.now()),
      outputs: { ...outputs.counters, waiting: outputs.waiting },
      callbackErrors: mainThread.callbackErrors(),
      commits: this.#commits,
    }
  }
}

/** Records that were read and are not due yet. */
function countDelayed({ phase, due }: WorkEngine<PackedBatch>['inFlight'], wallMs: number): number {
  let delayed = 0
  for (let ticket = 0; ticket < phase.length; ticket++) {
    if (phase[ticket] === Phase.waiting && due[ticket]! > wallMs) delayed++
  }
  return delayed
}

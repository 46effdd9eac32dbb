/**
 * One run of a work: the shell that connects consumer, engine and threads, from start to summary.
 *
 * The engine decides; here its effects are carried out and its events come in. No handler runs here; listeners and loggers
 * of the user's do.
 */
import { type AssignedPartition, type PartitionSlot, type TopicPartition, WorkEngine } from '@zk/engine'
import { defaultSpeedup } from '../config/cpu-quota.js'
import { isPattern } from '../config/topic-pattern.js'
import type { WorkConfig } from '../config/work-config.js'
import { Outputs } from '../delivery/outputs.js'
import { WorkProducer } from '../delivery/work-producer.js'
import { errors } from '../errors.js'
import type { Measurements } from '../health/metric-table.js'
import { RunHealth } from '../health/run-health.js'
import type { WorkHealth } from '../health/work-health.js'
import { Consumer } from '../kafka/consumer.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { ReadResult } from '../kafka/reader.js'
import type { Logger } from '../log/logger.js'
import type { ResolvedProcessor } from '../processor-module/resolve-processor.js'
import { mayBeDebugged } from '../threads/debugged.js'
import { ThreadHost } from '../threads/host.js'
import { MemoryGuard } from '../threads/memory-guard.js'
import { Watchdog } from '../threads/watchdog.js'
import { COMMIT_TIMEOUT_MS, Commits } from './commits.js'
import type { CrashJournal } from './crash-journal.js'
import { DoneCallbacks } from './done-callbacks.js'
import { effectsOn, type Parts } from './effects.js'
import { type Ending, Endings, isBeyondCommit } from './ending.js'
import type { RunSignals, WorkEvent } from './events.js'
import { Failures } from './failures.js'
import { Freeze } from './freeze.js'
import { Letters } from './letters.js'
import { Ownership } from './ownership.js'
import { Production } from './production.js'
import {
  consumerOptions,
  engineOptions,
  hostOptions,
  openCrashJournal,
  producerOptions,
  type RunContext,
} from './run-options.js'
import { snapshot, type WorkState } from './state.js'
import { type OpenRecord, openRecords, type RunSummary, summarize } from './summary.js'
import { ThreadEvents } from './thread-events.js'
import { UntilEnd } from './until-end.js'
import { WorkClock } from './work-clock.js'

/** Period of storing watermarks and of everything that looks at the time. */
const TICK_MS = 100
/** What handlers get to end by themselves after an abort. */
const ABORT_GRACE_MS = 1_000

export class WorkRun {
  readonly #config: WorkConfig
  readonly #logger: Logger
  readonly #engine: WorkEngine<PackedBatch>
  readonly #host: ThreadHost
  readonly #consumer: Consumer
  readonly #commits: Commits
  readonly #failures: Failures
  readonly #crashes: CrashJournal | undefined
  readonly #producer: WorkProducer
  readonly #production: Production
  readonly #letters: Letters
  readonly #outputs: Outputs
  readonly #ownership: Ownership
  readonly #clock = new WorkClock()
  readonly #freeze: Freeze
  readonly #health: RunHealth
  readonly #threads: ThreadEvents
  readonly #watchdog: Watchdog
  readonly #memory: MemoryGuard
  /** Records ended by each thread. */
  readonly #processedBy: Float64Array
  readonly #untilEnd: UntilEnd | undefined
  readonly #parts: Parts
  #requested = false
  /** The reload under way, if any. */
  #reload: Promise<void> = Promise.resolve()
  #phase: WorkState['phase'] = 'starting'
  readonly #endings = new Endings()
  /** What `run` was rejected with. */
  #failure: Error | undefined
  /** The last commit of the run failed: what it would have covered is repeated. */
  #commitFailure: Error | undefined
  readonly #processEnds: boolean
  /** Some thread could not be ended: waiting once more would only take longer. */
  #unstoppable = false

  constructor(context: RunContext, processor: ResolvedProcessor, emit: (event: WorkEvent) => void) {
    const { config, logger } = context
    this.#config = config
    this.#logger = logger
    this.#processEnds = context.processEnds
    this.#processedBy = new Float64Array(config.speedup)
    this.#crashes = openCrashJournal(context)
    this.#engine = new WorkEngine(
      engineOptions(config),
      effectsOn(() => this.#parts),
    )
    this.#host = new ThreadHost(hostOptions(context, processor, this.#engine.inFlight.capacity, this.#crashes), {
      message: (index, message) => this.#thenWant(() => this.#threads.message(index, message)),
      up: (index) => this.#thenWant(() => this.#threads.up(index)),
      notStarted: (index, error, delayMs) => this.#threads.notStarted(index, error, delayMs),
      gone: (index, end) => this.#guard(() => this.#threads.gone(index, end)),
      lost: (error) => this.#endings.end({ type: 'fail', error }),
    })
    this.#consumer = new Consumer(consumerOptions(context), {
      read: (result) => this.#guard(() => this.#onRead(result)),
      assigned: (partitions) => this.#assigned(partitions),
      revoked: (partitions, how) => this.#revoked(partitions, how),
      voided: (partition) => this.#ownership.voided(partition),
      failed: (error) => this.#endings.end({ type: 'fail', error }),
    })
    const { onExhausted, deadLetterTopic } = config
    const { thread, sequence } = this.#engine.inFlight
    this.#failures = new Failures({
      ...{ engine: this.#engine, logger, onExhausted, maxDeadLetterRatio: deadLetterTopic?.maxDeadLetterRatio },
      isMarkedFailed: (ticket) =>
        this.#host.boards[thread[ticket]!]!.deliveryState(ticket, sequence[ticket]!) === 'failed',
    })
    this.#producer = new WorkProducer(producerOptions(context))
    this.#production = new Production({
      ...{ config, client: context.client, logger, producer: this.#producer },
      failed: (error) => this.#endings.end({ type: 'fail', error }),
    })
    this.#letters = new Letters({
      ...{ engine: this.#engine, failures: this.#failures },
      write: (letter, on) => this.#production.write(letter, on),
      step: (step) => this.#thenWant(step),
    })
    this.#outputs = new Outputs({
      ...{ engine: this.#engine, host: this.#host, threads: config.speedup },
      openProducer: () => this.#producer.open(),
    })
    this.#commits = new Commits({
      engine: this.#engine,
      consumer: this.#consumer,
      logger,
      intervalMs: config.autoCommitIntervalMs,
      everyRecords: config.commitEveryRecords,
      onCommitted: (offsets) => {
        this.#health.committed()
        emit({ type: 'committed', offsets })
      },
    })
    this.#ownership = new Ownership({
      ...{ engine: this.#engine, host: this.#host, commits: this.#commits, clock: this.#clock, logger, emit },
      drainTimeoutMs: config.drainTimeoutMs,
    })
    this.#parts = {
      ...{ engine: this.#engine, host: this.#host, consumer: this.#consumer, commits: this.#commits, logger, emit },
      crashes: this.#crashes,
      done: new DoneCallbacks({ callbacks: config.onDone, engine: this.#engine, mainThread: context.mainThread }),
      ...{ failures: this.#failures, letters: this.#letters, ownership: this.#ownership, endings: this.#endings },
    }
    this.#health = new RunHealth({
      ...{ config, logger, mainThread: context.mainThread, engine: this.#engine, host: this.#host },
      ...{
        consumer: this.#consumer,
        outputs: this.#outputs,
        processedBy: this.#processedBy,
        isFrozen: () => this.#freeze.isFrozen,
      },
    })
    this.#watchdog = new Watchdog({
      processTimeoutMs: config.processTimeoutMs,
      graceMs: config.graceMs,
      sent: this.#engine.inFlight,
      threads: this.#host,
      retire: (thread) => this.#engine.retire(thread),
      isDebugged: mayBeDebugged,
      off: () => logger.warn('A debugger may be attached to this process: handlers have no deadlines while it may'),
    })
    this.#memory = new MemoryGuard({ maxExternalMb: config.maxExternalMb, threads: this.#host })
    this.#threads = new ThreadEvents({
      outputs: this.#outputs,
      watchdog: this.#watchdog,
      ...{ engine: this.#engine, host: this.#host, failures: this.#failures, health: this.#health, logger, emit },
      processedBy: this.#processedBy,
      drainTimeoutMs: config.drainTimeoutMs,
      isEnding: () => this.#endings.current !== undefined,
    })
    this.#freeze = new Freeze({
      assignments: this.#engine.assignments,
      logger,
      // Half, because the group counts from the last heartbeat before.
      limitMs: config.sessionTimeoutMs / 2,
      beat: (limitMs) => {
        for (const board of this.#host.boards) board.beat(performance.now(), limitMs)
      },
      prove: () => this.#commits.prove(),
    })
    this.#untilEnd = context.untilEnd ? new UntilEnd((partitions) => this.#consumer.committed(partitions)) : undefined
  }

  /**
   * @returns the summary, once everything is closed
   * @throws ZkError when the work could not start or had to stop
   */
  async run(signals: RunSignals): Promise<RunSummary> {
    try {
      return await this.#run(signals)
    } catch (error) {
      this.#failure = error as Error
      throw error
    } finally {
      this.#health.stopped()
    }
  }

  async #run({ shutdown, signal }: RunSignals): Promise<RunSummary> {
    const onShutdown = () => this.#endings.end({ type: 'drain' })
    const onSignal = () => this.#endings.end({ type: 'abort' })
    listen(shutdown, onShutdown)
    listen(signal, onSignal)
    const tick = setInterval(() => this.#guard(() => this.#tick()), TICK_MS)
    // A listener may hold up the main thread before the first tick.
    this.#health.tick(TICK_MS)
    try {
      const started = this.#start()
      // A start that was overtaken by its end fails because of it.
      started.catch(() => {})
      await Promise.race([started, this.#endings.told()])
      await this.#endings.told()
      return await this.#finish()
    } finally {
      shutdown?.removeEventListener('abort', onShutdown)
      signal?.removeEventListener('abort', onSignal)
      await this.#close()
      clearInterval(tick)
      this.#watchdog.stop()
    }
  }

  state(): WorkState {
    return this.#snapshot((thread) => this.#host.utilization(thread))
  }

  health(): WorkHealth {
    return this.#health.report(this.#phase, this.#failed)
  }

  measure(): Measurements {
    return this.#health.measure(
      this.#snapshot((thread) => this.#health.busy(thread)),
      this.#failed,
    )
  }

  get #failed(): Error | undefined {
    const ending = this.#endings.current
    return this.#failure ?? (ending?.type === 'fail' ? ending.error : undefined)
  }

  #snapshot(busyOf: (thread: number) => number): WorkState {
    return snapshot({
      phase: this.#phase,
      engine: this.#engine,
      host: this.#host,
      consumer: this.#consumer,
      commits: this.#commits,
      processedBy: this.#processedBy,
      busyOf,
    })
  }

  /** Replaces every thread by one that runs this module; the consumer and its assignment stay. */
  async reload(processor: ResolvedProcessor): Promise<void> {
    // One after the other: a thread is retired once.
    const turn = this.#reload.then(() => this.#host.reload(processor, (thread) => this.#threads.retire(thread)))
    this.#reload = turn.catch(() => {})
    await turn
  }

  // ── start and end ──────────────────────────────────────────────────────────────────────────────────────────────

  async #start(): Promise<void> {
    const { topics, waitForTopics, speedup, speedupReason } = this.#config
    this.#logger.info({ topics, speedup }, `Starting ${speedup} threads: ${speedupReason}`)
    if (speedup > 2 * defaultSpeedup().speedup) {
      this.#logger.warn(
        { speedup },
        'More than two threads a CPU gain nothing: for handlers that wait, raise concurrency',
      )
    }
    await Promise.all([this.#host.start(), this.#consumer.connect(), this.#production.open()])
    if (this.#endings.current !== undefined) return
    const named = topics.filter((topic) => !isPattern(topic))
    const missing = waitForTopics ? [] : await this.#consumer.cluster.missing(named)
    if (missing.length > 0) throw errors.ZK_TOPIC_NOT_FOUND(missing)
    if (named[0] !== undefined) await this.#consumer.requireCoordinator(named[0])
    this.#untilEnd?.begin(await this.#consumer.cluster.ends(topics))
    if (this.#endings.current !== undefined) return
    this.#consumer.subscribe(topics)
    this.#phase = 'running'
    this.#want()
  }

  async #finish(): Promise<RunSummary> {
    const deadline = performance.now() + this.#config.shutdownTimeoutMs
    this.#phase = 'draining'
    const { complete, late } = await this.#windDown()
    await this.#production.settle(0)
    if (!isBeyondCommit(this.#ending)) await this.#commitAll(deadline)
    // Each step may have been overtaken by a harder ending; from here on it is settled.
    const ending = this.#ending
    if (ending.type === 'fail') throw ending.error
    // Now: what ends while threads are stopped comes too late for the commit.
    const blocked = late.filter((open) => !open.isFinished()).map(({ record }) => record)
    await this.#stopThreads(complete)
    if (ending.type === 'drain' && this.#commitFailure !== undefined) throw this.#commitFailure
    const reason = ending.type === 'abort' ? 'aborted' : blocked.length > 0 ? 'deadline' : 'drained'
    return summarize(reason, this.#engine.counters, this.#commits.covered, blocked)
  }

  /** How the run was told to end; asked only once it was. */
  get #ending(): Ending {
    return this.#endings.current!
  }

  /** @returns whether all handlers have ended, and what was open when the shutdown deadline passed */
  async #windDown(): Promise<{ complete: boolean; late: readonly OpenRecord[] }> {
    const { shutdownTimeoutMs, graceMs } = this.#config
    this.#consumer.handOver()
    if (this.#ending.type === 'drain' && (await this.#drainAll(shutdownTimeoutMs))) return { complete: true, late: [] }
    const aborted = this.#ending.type !== 'drain'
    this.#engine.halt(this.#ownership.slots)
    const late = aborted ? [] : openRecords(this.#engine)
    this.#host.abort(this.#ownership.slots, aborted ? 'aborted' : 'shutdown')
    const complete = await this.#drainAll(aborted ? ABORT_GRACE_MS : graceMs)
    this.#engine.harvest()
    return { complete, late }
  }

  #drainAll(timeoutMs: number): Promise<boolean> {
    return Promise.race([
      this.#ownership.drain(this.#ownership.slots, timeoutMs),
      this.#endings.changed().then(() => false),
    ])
  }

  async #commitAll(deadline: number): Promise<void> {
    // It waits behind a JoinGroup that is under way, which lasts as long as the slowest member drains.
    const patience = this.#ending.type === 'drain' ? deadline - performance.now() : 0
    const timeoutMs = Math.max(COMMIT_TIMEOUT_MS, patience)
    this.#commitFailure = await Promise.race([
      this.#commits.commit(this.#ownership.slots, timeoutMs),
      this.#endings.changed().then(() => undefined),
    ])
  }

  async #stopThreads(graceful: boolean): Promise<void> {
    try {
      for (const error of await this.#host.stop({ graceful })) {
        this.#logger.warn({ err: error }, 'teardown() of the processor failed')
      }
    } catch (error) {
      this.#unstoppable = true
      throw error
    }
  }

  async #close(): Promise<void> {
    this.#phase = 'stopped'
    // A revoke that still drains must not hold up the end.
    this.#ownership.giveUp()
    await this.#production.settle(0)
    await this.#consumer.close({ abandon: this.#processEnds && this.#commitFailure !== undefined })
    if (!this.#unstoppable) await this.#stopThreads(false)
    // What is outstanding now was sent for records that have not ended.
    await this.#producer.close(0)
    this.#crashes?.close()
  }

  /** A fault of ours must end the work with its cause, and not the process without one. */
  #guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#endings.end({ type: 'fail', error: errors.ZK_INTERNAL('The work failed', { cause: error }) })
    }
  }

  /** A step that may have made room. */
  #thenWant(step: () => void): void {
    this.#guard(() => {
      step()
      this.#want()
    })
  }

  // ── consumer ───────────────────────────────────────────────────────────────────────────────────────────────────

  #onRead({ batch, ends }: ReadResult): void {
    if (batch !== undefined) {
      this.#requested = false
      this.#engine.watchesProcessDeaths = this.#crashes?.isEmpty === false
      this.#engine.records(batch, Date.now())
    }
    for (const { slot, offset } of ends) {
      this.#engine.reachedEnd(slot, offset)
      this.#health.reachedEnd(slot, offset)
    }
    this.#want()
  }

  /** Asks for the next read when none is under way and there is room. */
  #want(): void {
    if (this.#requested || this.#phase !== 'running') return
    const { records, bytes } = this.#engine.demand()
    if (records === 0) return
    this.#requested = true
    this.#consumer.request(records, bytes)
  }

  /** @returns undefined when the run is ending and takes nothing more */
  #assigned(partitions: readonly AssignedPartition[]): PartitionSlot[] | undefined {
    if (this.#endings.current !== undefined) return undefined
    this.#health.assigned()
    if (this.#crashes?.isEmpty === false) {
      for (const { committed, ...name } of partitions) this.#crashes.committed(name, committed ?? 0)
    }
    return this.#ownership.assigned(partitions)
  }

  async #revoked(partitions: readonly TopicPartition[], { lost }: { lost: boolean }): Promise<void> {
    if (lost) {
      this.#health.lost()
      this.#ownership.lost(partitions)
    } else await this.#ownership.revoked(partitions)
    this.#production.dropUnwanted()
    this.#want()
  }

  // ── engine ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #tick(): void {
    const now = this.#clock.now()
    this.#freeze.tick(this.#clock.takeLongestStep())
    this.#engine.tick(now, Date.now())
    if (this.#phase === 'running' && !this.#freeze.isFrozen) this.#commits.tick(now)
    this.#want()
    this.#health.tick(TICK_MS)
    this.#watchdog.look(performance.now())
    this.#memory.look()
    if (this.#untilEnd?.reached(this.#engine.assignments, now)) this.#endings.end({ type: 'drain' })
  }
}

function listen(signal: AbortSignal | undefined, on: () => void): void {
  if (signal?.aborted) on()
  else signal?.addEventListener('abort', on, { once: true })
}

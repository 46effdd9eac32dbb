/**
 * One run of a work: the shell that connects consumer, engine and threads, from start to summary.
 *
 * The engine decides; here its effects are carried out and its events come in. No handler runs here; listeners and loggers
 * of the user's do.
 */
import type { AssignedPartition, PartitionSlot, TopicPartition } from '@zk/engine'
import { defaultSpeedup } from '../config/cpu-quota.js'
import { isPattern } from '../config/topic-pattern.js'
import type { WorkConfig } from '../config/work-config.js'
import { errors } from '../errors.js'
import type { Measurements } from '../health/metric-entry.js'
import type { WorkHealth } from '../health/work-health.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { ReadResult } from '../kafka/reader.js'
import type { Logger } from '../log/logger.js'
import type { ResolvedProcessor } from '../processor-module/resolve-processor.js'
import { COMMIT_TIMEOUT_MS } from './commits.js'
import { type Ending, isBeyondCommit } from './ending.js'
import type { RunSignals, WorkEvent } from './events.js'
import { makeParts, type Parts } from './parts.js'
import type { RunContext } from './run-options.js'
import { snapshot, type WorkState } from './state.js'
import { type OpenRecord, openRecords, type RunSummary, summarize } from './summary.js'

/** Period of storing watermarks and of everything that looks at the time. */
const TICK_MS = 100
/** What handlers get to end by themselves after an abort. */
const ABORT_GRACE_MS = 1_000

export class WorkRun {
  readonly #config: WorkConfig
  readonly #logger: Logger
  readonly #parts: Parts
  #requested = false
  /** The reload under way, if any. */
  #reload: Promise<void> = Promise.resolve()
  #phase: WorkState['phase'] = 'starting'
  /** What `run` was rejected with. */
  #failure: Error | undefined
  /** The last commit of the run failed: what it would have covered is repeated. */
  #commitFailure: Error | undefined
  readonly #processEnds: boolean
  /** Some thread could not be ended: waiting once more would only take longer. */
  #unstoppable = false

  constructor(context: RunContext, processor: ResolvedProcessor, emit: (event: WorkEvent) => void) {
    this.#config = context.config
    this.#logger = context.logger
    this.#processEnds = context.processEnds
    this.#parts = makeParts(context, processor, emit, {
      guard: (step) => this.#guard(step),
      thenWant: (step) => this.#thenWant(step),
      read: (result) => this.#onRead(result),
      assigned: (partitions) => this.#assigned(partitions),
      revoked: (partitions, how) => this.#revoked(partitions, how),
    })
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
      this.#parts.health.stopped()
    }
  }

  async #run({ shutdown, signal }: RunSignals): Promise<RunSummary> {
    const onShutdown = () => this.#parts.endings.end({ type: 'drain' })
    const onSignal = () => this.#parts.endings.end({ type: 'abort' })
    listen(shutdown, onShutdown)
    listen(signal, onSignal)
    const tick = setInterval(() => this.#guard(() => this.#tick()), TICK_MS)
    // A listener may hold up the main thread before the first tick.
    this.#parts.health.tick(TICK_MS)
    try {
      const started = this.#start()
      // A start that was overtaken by its end fails because of it.
      started.catch(() => {})
      await Promise.race([started, this.#parts.endings.told()])
      await this.#parts.endings.told()
      return await this.#finish()
    } finally {
      shutdown?.removeEventListener('abort', onShutdown)
      signal?.removeEventListener('abort', onSignal)
      await this.#close()
      clearInterval(tick)
      this.#parts.watchdog.stop()
    }
  }

  state(): WorkState {
    return this.#snapshot((thread) => this.#parts.host.utilization(thread))
  }

  health(): WorkHealth {
    return this.#parts.health.report(this.#phase, this.#failed)
  }

  measure(): Measurements {
    return this.#parts.health.measure(
      this.#snapshot((thread) => this.#parts.health.busy(thread)),
      this.#failed,
    )
  }

  get #failed(): Error | undefined {
    const ending = this.#parts.endings.current
    return this.#failure ?? (ending?.type === 'fail' ? ending.error : undefined)
  }

  #snapshot(busyOf: (thread: number) => number): WorkState {
    const { engine, host, consumer, commits, circuits, processedBy } = this.#parts
    return snapshot({ phase: this.#phase, engine, host, consumer, commits, circuits, processedBy, busyOf })
  }

  /** Replaces every thread by one that runs this module; the consumer and its assignment stay. */
  async reload(processor: ResolvedProcessor): Promise<void> {
    // One after the other: a thread is retired once.
    const turn = this.#reload.then(() =>
      this.#parts.host.reload(processor, (thread) => this.#parts.threads.retire(thread)),
    )
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
    const connected = this.#parts.credentials
      .open()
      .then(() => Promise.all([this.#parts.consumer.connect(), this.#parts.letters.open()]))
    await Promise.all([this.#parts.host.start(), connected])
    if (this.#parts.endings.current !== undefined) return
    const named = topics.filter((topic) => !isPattern(topic))
    const missing = waitForTopics ? [] : await this.#parts.consumer.cluster.missing(named)
    if (missing.length > 0) throw errors.ZK_TOPIC_NOT_FOUND(missing)
    if (named[0] !== undefined) await this.#parts.consumer.requireCoordinator(named[0])
    this.#parts.untilEnd?.begin(await this.#parts.consumer.cluster.ends(topics))
    if (this.#parts.endings.current !== undefined) return
    this.#parts.consumer.subscribe(topics)
    this.#phase = 'running'
    this.#want()
  }

  async #finish(): Promise<RunSummary> {
    const deadline = performance.now() + this.#config.shutdownTimeoutMs
    this.#phase = 'draining'
    const { complete, late } = await this.#windDown()
    await this.#parts.letters.settle(0)
    if (!isBeyondCommit(this.#ending)) await this.#commitAll(deadline)
    // Each step may have been overtaken by a harder ending; from here on it is settled.
    const ending = this.#ending
    if (ending.type === 'fail') throw ending.error
    // Now: what ends while threads are stopped comes too late for the commit.
    const blocked = late.filter((open) => !open.isFinished()).map(({ record }) => record)
    await this.#stopThreads(complete)
    if (ending.type === 'drain' && this.#commitFailure !== undefined) throw this.#commitFailure
    const reason = ending.type === 'abort' ? 'aborted' : blocked.length > 0 ? 'deadline' : 'drained'
    return summarize(reason, this.#parts.engine.counters, this.#parts.commits.covered, blocked)
  }

  /** How the run was told to end; asked only once it was. */
  get #ending(): Ending {
    return this.#parts.endings.current!
  }

  /** @returns whether all handlers have ended, and what was open when the shutdown deadline passed */
  async #windDown(): Promise<{ complete: boolean; late: readonly OpenRecord[] }> {
    const { shutdownTimeoutMs, graceMs } = this.#config
    this.#parts.consumer.handOver()
    if (this.#ending.type === 'drain' && (await this.#drainAll(shutdownTimeoutMs))) return { complete: true, late: [] }
    const aborted = this.#ending.type !== 'drain'
    this.#parts.engine.halt(this.#parts.ownership.slots)
    const late = aborted ? [] : openRecords(this.#parts.engine)
    this.#parts.host.abort(this.#parts.ownership.slots, aborted ? 'aborted' : 'shutdown')
    const complete = await this.#drainAll(aborted ? ABORT_GRACE_MS : graceMs)
    this.#parts.engine.harvest()
    return { complete, late }
  }

  #drainAll(timeoutMs: number): Promise<boolean> {
    return Promise.race([
      this.#parts.ownership.drain(this.#parts.ownership.slots, timeoutMs),
      this.#parts.endings.changed().then(() => false),
    ])
  }

  async #commitAll(deadline: number): Promise<void> {
    // It waits behind a JoinGroup that is under way, which lasts as long as the slowest member drains.
    const isPatient = this.#ending.type === 'drain' && !this.#parts.consumer.isCutOff
    const patience = isPatient ? deadline - performance.now() : 0
    const timeoutMs = Math.max(COMMIT_TIMEOUT_MS, patience)
    this.#commitFailure = await Promise.race([
      this.#parts.commits.commit(this.#parts.ownership.slots, timeoutMs),
      this.#parts.endings.changed().then(() => undefined),
    ])
  }

  async #stopThreads(graceful: boolean): Promise<void> {
    try {
      for (const error of await this.#parts.host.stop({ graceful })) {
        this.#logger.warn({ err: error }, 'teardown() of the processor failed')
      }
    } catch (error) {
      this.#unstoppable = true
      throw error
    }
  }

  async #close(): Promise<void> {
    // Brokers that had no answer to the start or to the last commit would have none to a goodbye.
    const isSilent = this.#phase === 'starting' || this.#commitFailure !== undefined
    this.#phase = 'stopped'
    // A revoke that still drains must not hold up the end.
    this.#parts.ownership.giveUp()
    await this.#parts.letters.settle(0)
    await this.#parts.consumer.close({ abandon: this.#processEnds && isSilent })
    try {
      if (!this.#unstoppable) await this.#stopThreads(false)
    } finally {
      // What is outstanding now was sent for records that have not ended.
      await this.#parts.producer.close(0)
      await this.#parts.tracing?.flush()
      this.#parts.credentials.close()
      this.#parts.crashes?.close()
    }
  }

  /** A fault of ours must end the work with its cause, and not the process without one. */
  #guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#parts.endings.end({ type: 'fail', error: errors.ZK_INTERNAL('The work failed', { cause: error }) })
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

  #onRead(result: ReadResult): void {
    const { batch, ends } = result
    this.#parts.hooks.read(result)
    if (batch !== undefined) {
      this.#requested = false
      // The reader's thread reads on while this batch is sent.
      this.#want(batch)
      this.#parts.engine.watchesProcessDeaths = this.#parts.crashes?.isEmpty === false
      this.#parts.engine.records(batch, Date.now())
    }
    for (const { slot, offset } of ends) {
      this.#parts.engine.reachedEnd(slot, offset)
      this.#parts.health.reachedEnd(slot, offset)
    }
    this.#parts.hooks.fannedOut(result)
    this.#want()
  }

  /**
   * Asks for the next read when none is under way and there is room.
   *
   * @param unopened what was read and the engine is about to be given
   */
  #want(unopened?: PackedBatch): void {
    if (this.#requested || this.#phase !== 'running') return
    const { consumer, engine } = this.#parts
    const { records, bytes } = engine.demand(unopened)
    if (records === 0) return
    this.#requested = true
    consumer.request(records, bytes, engine.window.bySlot(unopened))
  }

  /** @returns undefined when the run is ending and takes nothing more */
  #assigned(partitions: readonly AssignedPartition[]): PartitionSlot[] | undefined {
    if (this.#parts.endings.current !== undefined) return undefined
    this.#parts.health.assigned()
    if (this.#parts.crashes?.isEmpty === false) {
      for (const { committed, ...name } of partitions) this.#parts.crashes.committed(name, committed ?? 0)
    }
    return this.#parts.ownership.assigned(partitions)
  }

  async #revoked(partitions: readonly TopicPartition[], { lost }: { lost: boolean }): Promise<void> {
    if (lost) {
      this.#parts.health.lost()
      this.#parts.ownership.lost(partitions)
    } else await this.#parts.ownership.revoked(partitions)
    this.#parts.letters.dropUnwanted()
    this.#want()
  }

  // ── engine ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #tick(): void {
    const now = this.#parts.clock.now()
    this.#parts.freeze.tick(this.#parts.clock.takeLongestStep())
    this.#parts.engine.tick(now, Date.now())
    if (this.#phase === 'running' && !this.#parts.freeze.isFrozen) this.#parts.commits.tick(now)
    this.#want()
    this.#parts.health.tick(TICK_MS)
    this.#parts.watchdog.look(performance.now())
    this.#parts.memory.look()
    if (this.#phase === 'running') this.#parts.autoConcurrency?.tick(now)
    if (this.#parts.untilEnd?.reached(this.#parts.engine.assignments, now)) this.#parts.endings.end({ type: 'drain' })
  }
}

function listen(signal: AbortSignal | undefined, on: () => void): void {
  if (signal?.aborted) on()
  else signal?.addEventListener('abort', on, { once: true })
}

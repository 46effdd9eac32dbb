/**
 * A work's run in memory and in this thread: the same processor, the same decisions about retries, dead letters and commits,
 * and neither brokers nor threads. Time plays little part in it: a retry follows at once, what is finished is committed at once,
 * and delays and circuit breakers are left out.
 */
import type { Hooks, RunSignals, RunSummary, WorkEvent, WorkHealth, WorkState } from '@zk/runtime'
import {
  Endings,
  lanesOf,
  type Measurements,
  type ReceivedRecord,
  type ResolvedProcessor,
  type RunContext,
  type WorkRunning,
} from '@zk/runtime/internal/fake-client'
import type { FakeGroups } from './groups.js'
import { FakeSubscription } from './subscription.js'
import type { FakeTopics } from './topics.js'
import { type LoadProcessor, setUp, tearDown, type WorkModules } from './work-modules.js'
import { type WorkOutcome, WorkRecords } from './work-records.js'
import { healthOf, measurementsOf, stateOf, type ViewOf } from './work-view.js'

export interface FakeRunOptions {
  readonly topics: FakeTopics
  readonly groups: FakeGroups
  readonly context: RunContext
  readonly load: LoadProcessor | undefined
  emit(event: WorkEvent): void
  ended(outcome: WorkOutcome): void
}

/** A record in its handler's hands. */
interface Running {
  readonly record: ReceivedRecord
  readonly abort: AbortController
}

export class FakeWorkRun implements WorkRunning {
  readonly #options: FakeRunOptions
  readonly #records: WorkRecords
  readonly #subscription: FakeSubscription
  readonly #endings = new Endings()
  /** By what must not run beside each other; a record without a key by itself. */
  readonly #running = new Map<string | ReceivedRecord, Running>()
  readonly #counters = { processed: 0, failed: 0, deadLettered: 0, retries: 0 }
  #outputs = 0
  /** Taken, and behind one of its key. */
  #waiting: ReceivedRecord[] = []
  #resolved: ResolvedProcessor
  #modules: WorkModules | undefined
  #phase: WorkState['phase'] = 'starting'
  #failure: Error | undefined
  /** Nothing starts: the modules are being replaced. */
  #isHeld = false
  /** Where topics ended at the start, where the run is to end there. */
  #ends: { topic: string; partition: number; end: number }[] | undefined
  #idle: (() => void)[] = []

  constructor(options: FakeRunOptions, resolved: ResolvedProcessor) {
    const { topics, groups, context } = options
    const { topics: wanted, groupId, autoOffsetReset, maxUncommittedRecords } = context.config
    this.#options = options
    this.#resolved = resolved
    this.#records = new WorkRecords(options)
    this.#subscription = new FakeSubscription(
      { topics, groups, wanted, groupId, autoOffsetReset, maxUncommittedRecords },
      {
        reads: (records, bytes) => this.#tellHook('postReadImmediate', { records, bytes, errors: [] }),
        arrived: (records) => {
          this.#pump()
          if (records > 0) this.#tellHook('postFanout', { records })
        },
        assigned: (partitions) =>
          options.emit({
            type: 'assigned',
            partitions: partitions.map(({ topic, partition, epoch }) => ({ topic, partition, epoch })),
          }),
        revoked: (gone) => {
          const slots = new Set(gone.map(({ slot }) => slot))
          for (const { record, abort } of this.#running.values()) {
            if (slots.has(record.assignment.slot)) abort.abort('revoked')
          }
          this.#waiting = this.#waiting.filter(({ assignment }) => !slots.has(assignment.slot))
          const partitions = gone.map(({ topic, partition }) => ({ topic, partition }))
          options.emit({ type: 'revoked', partitions, complete: true })
        },
        committed: (partition, offset, finished) =>
          options.emit({ type: 'committed', offsets: [{ ...partition, offset, finished }] }),
        failed: (error) => this.#endings.end({ type: 'fail', error }),
      },
    )
  }

  async run({ shutdown, signal }: RunSignals): Promise<RunSummary> {
    const onShutdown = () => this.#endings.end({ type: 'drain' })
    const onSignal = () => this.#endings.end({ type: 'abort' })
    listen(shutdown, onShutdown)
    listen(signal, onSignal)
    try {
      await this.#start()
      await this.#endings.told()
      return await this.#finish()
    } catch (error) {
      this.#failure = error as Error
      throw error
    } finally {
      shutdown?.removeEventListener('abort', onShutdown)
      signal?.removeEventListener('abort', onSignal)
      await this.#subscription.close()
      if (this.#modules !== undefined) await tearDown(this.#modules, this.#options.context)
      this.#phase = 'stopped'
      this.#options.topics.changed()
    }
  }

  state(): WorkState {
    return stateOf(this.#view)
  }

  health(): WorkHealth {
    return healthOf(this.#view)
  }

  measure(): Measurements {
    return measurementsOf(this.#view)
  }

  /** What has started ends with the old module; what comes then gets the new one. */
  async reload(processor: ResolvedProcessor): Promise<void> {
    this.#isHeld = true
    try {
      await this.#quiet()
      const old = this.#modules
      this.#resolved = processor
      this.#modules = await setUp(this.#options.context, processor, this.#options.load)
      if (old !== undefined) await tearDown(old, this.#options.context)
    } finally {
      this.#isHeld = false
      this.#pump()
    }
  }

  get isOver(): boolean {
    return this.#phase === 'stopped'
  }

  /** Whether it runs and has nothing to do. */
  get isIdle(): boolean {
    const left = this.#running.size + this.#waiting.length + this.#subscription.inbox.size
    return this.#subscription.isJoined && !this.#isHeld && this.#phase === 'running' && left === 0
  }

  async #start(): Promise<void> {
    const { context, load, topics } = this.#options
    this.#modules = await setUp(context, this.#resolved, load)
    if (this.#endings.current !== undefined) return
    this.#phase = 'running'
    await this.#subscription.start()
    if (context.untilEnd) {
      this.#ends = this.#subscription.assignments.map(({ topic, partition }) => {
        return { topic, partition, end: topics.partitions(topic)[partition].length }
      })
    }
    topics.changed()
    this.#pump()
  }

  async #finish(): Promise<RunSummary> {
    const { shutdownTimeoutMs } = this.#options.context.config
    this.#phase = 'draining'
    this.#waiting = []
    let blocked: RunSummary['blocked'] = []
    if (this.#endings.current!.type !== 'drain' || !(await this.#quietWithin(shutdownTimeoutMs))) {
      const isDrain = this.#endings.current!.type === 'drain'
      const late = [...this.#running.values()]
      for (const { abort } of late) abort.abort(isDrain ? 'shutdown' : 'aborted')
      // No handler is waited for longer than `graceMs`.
      await this.#quiet()
      blocked = isDrain ? late.filter(({ record }) => !record.isDone).map(({ record }) => blockedRecord(record)) : []
    }
    this.#subscription.store()
    const ending = this.#endings.current!
    if (ending.type === 'fail') throw ending.error
    const { processed, failed, deadLettered } = this.#counters
    const reason = ending.type === 'abort' ? 'aborted' : blocked.length > 0 ? 'deadline' : 'drained'
    return { reason, processed, failed, deadLettered, redelivered: 0, threadDeaths: 0, committed: processed, blocked }
  }

  #pump(): void {
    if (this.#phase !== 'running' || this.#isHeld || this.#endings.current !== undefined) return
    const lanes = lanesOf(this.#options.context.config)
    for (let record = this.#subscription.inbox.take(); record !== undefined; record = this.#subscription.inbox.take()) {
      this.#waiting.push(record)
    }
    const left: ReceivedRecord[] = []
    const held = new Set<string | ReceivedRecord>()
    for (const record of this.#waiting) {
      const lane = this.#laneOf(record)
      if (this.#running.size < lanes && !this.#running.has(lane) && !held.has(lane)) void this.#run(record, lane)
      else {
        held.add(lane)
        left.push(record)
      }
    }
    this.#waiting = left
    this.#lookForEnd()
  }

  #tellHook<Name extends 'postReadImmediate' | 'postFanout'>(
    name: Name,
    about: Omit<Parameters<NonNullable<Hooks[Name]>>[0], 'groupId'>,
  ): void {
    const { config, mainThread } = this.#options.context
    const { groupId, hooks } = config
    if (hooks[name] === undefined || hooks[name] === null) return
    mainThread.call(name, () => (hooks[name] as (about: object) => unknown)({ groupId, ...about }))
  }

  async #run(record: ReceivedRecord, lane: string | ReceivedRecord): Promise<void> {
    const abort = new AbortController()
    this.#running.set(lane, { record, abort })
    this.#options.topics.changed()
    try {
      const outcome = await this.#records.run(record, this.#modules!, abort.signal)
      this.#ended(record, outcome, abort.signal.aborted)
    } catch (error) {
      this.#endings.end({ type: 'fail', error: error as Error })
    } finally {
      this.#running.delete(lane)
      this.#options.topics.changed()
      if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
      this.#pump()
    }
  }

  #ended(record: ReceivedRecord, outcome: WorkOutcome, isAborted: boolean): void {
    const { config } = this.#options.context
    this.#outputs += outcome.delivery.sent.length
    this.#counters.retries += outcome.delivery.attempts.length - 1
    this.#options.ended(outcome)
    const isStop = outcome.status === 'failed' && config.onExhausted === 'stop'
    if (isStop) {
      this.#counters.failed++
      this.#endings.end({ type: 'fail', error: this.#records.stopError(outcome) })
      return
    }
    // Its partition is another's, or the run has given it up.
    if (outcome.status === 'discarded' || (isAborted && outcome.delivery.attempts.at(-1)!.threadLost)) return
    this.#subscription.inbox.finish(record)
    this.#subscription.store()
    this.#counters.processed++
    if (outcome.status === 'failed') this.#counters.failed++
    if (outcome.status === 'dead-lettered') this.#counters.deadLettered++
    this.#records.told(outcome)
  }

  #laneOf(record: ReceivedRecord): string | ReceivedRecord {
    const { topic, partition } = record.assignment
    if (this.#options.context.config.ordering === 'partition') return `${topic}/${partition}`
    return record.key === null ? record : `${topic}/${partition}/${record.key.toString('hex')}`
  }

  /** Where a run is to end at the end of its topics, it does when all below is finished, by whichever member of the group. */
  #lookForEnd(): void {
    if (this.#ends === undefined) return
    const { topics, context } = this.#options
    const isReached = this.#ends.every(({ topic, partition, end }) => {
      const committed = topics.committed(context.config.groupId, topic, partition)?.offset
      return (committed ?? this.#untouched({ topic, partition })) >= end
    })
    if (isReached) this.#endings.end({ type: 'drain' })
  }

  /** Of a partition of which nothing was committed: where it began, unless something of it is in progress. */
  #untouched(partition: { topic: string; partition: number }): number {
    const assignment = this.#subscription.inbox.assignments.of(partition)
    if (assignment === undefined || assignment.tracker.watermark !== undefined) return 0
    return this.#subscription.position(partition) ?? 0
  }

  /** Resolves when no handler runs. */
  async #quiet(): Promise<void> {
    while (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** @returns whether no handler runs any more; false when it takes longer, or the run is to end harder */
  async #quietWithin(timeoutMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, false)
    })
    try {
      return await Promise.race([this.#quiet().then(() => true), late, this.#endings.changed().then(() => false)])
    } finally {
      clearTimeout(timer)
    }
  }

  get #view(): ViewOf {
    const { context, topics } = this.#options
    return {
      ...{ context, topics, subscription: this.#subscription, phase: this.#phase, failure: this.#failure },
      ...{ running: this.#running.size, counters: this.#counters, outputs: this.#outputs },
    }
  }
}

function blockedRecord({ assignment, offset, key }: ReceivedRecord): RunSummary['blocked'][number] {
  const { topic, partition } = assignment
  return { topic, partition, offset, key: key === null ? null : key.toString(), thread: 0 }
}

function listen(signal: AbortSignal | undefined, on: () => void): void {
  if (signal?.aborted) on()
  else signal?.addEventListener('abort', on, { once: true })
}

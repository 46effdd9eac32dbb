/** The parts of a run, made from the configuration and connected: what each needs of the others it is given here. */
import { type AssignedPartition, type PartitionSlot, type TopicPartition, WorkEngine } from '@zk/engine'
import { Outputs } from '../delivery/outputs.js'
import { WorkProducer } from '../delivery/work-producer.js'
import { CircuitLog } from '../health/circuit-log.js'
import { RunHealth } from '../health/run-health.js'
import { RunHooks } from '../hooks/run-hooks.js'
import { openWriteHooks } from '../hooks/write-hooks.js'
import { Consumer } from '../kafka/consumer.js'
import { Credentials } from '../kafka/credentials.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { ReadResult } from '../kafka/reader.js'
import type { Logger } from '../log/logger.js'
import type { ResolvedProcessor } from '../processor-module/resolve-processor.js'
import { mayBeDebugged } from '../threads/debugged.js'
import { ThreadHost } from '../threads/host.js'
import { MemoryGuard } from '../threads/memory-guard.js'
import { Watchdog } from '../threads/watchdog.js'
import { openTracing, type Tracing } from '../tracing/tracing.js'
import { AutoConcurrency } from './auto-concurrency.js'
import { Commits } from './commits.js'
import { CrashJournal } from './crash-journal.js'
import { DoneCallbacks } from './done-callbacks.js'
import { effectsOn } from './effects.js'
import { Endings } from './ending.js'
import type { WorkEvent } from './events.js'
import { Failures } from './failures.js'
import { Freeze } from './freeze.js'
import { Letters } from './letters.js'
import type { Meter } from './meter.js'
import { Ownership } from './ownership.js'
import {
  consumerOptions,
  engineOptions,
  hostOptions,
  lanesOf,
  leastForBatches,
  producerOptions,
  type RunContext,
} from './run-options.js'
import { ThreadEvents } from './thread-events.js'
import { UntilEnd } from './until-end.js'
import { WorkClock } from './work-clock.js'

export interface Parts {
  readonly engine: WorkEngine<PackedBatch>
  readonly host: ThreadHost
  readonly consumer: Consumer
  /** To be opened before anything connects. */
  readonly credentials: Credentials
  readonly commits: Commits
  readonly failures: Failures
  readonly letters: Letters
  readonly outputs: Outputs
  readonly producer: WorkProducer
  readonly circuits: CircuitLog
  /** Undefined where none is configured. */
  readonly crashes: CrashJournal | undefined
  readonly done: DoneCallbacks
  /** Undefined where nobody measures. */
  readonly meter: Meter | undefined
  readonly hooks: RunHooks
  /** Undefined where no traces are wanted. */
  readonly tracing: Tracing | undefined
  readonly ownership: Ownership
  readonly endings: Endings
  readonly clock: WorkClock
  readonly freeze: Freeze
  readonly health: RunHealth
  readonly threads: ThreadEvents
  readonly watchdog: Watchdog
  readonly memory: MemoryGuard
  /** Undefined where `concurrency` is a number. */
  readonly autoConcurrency: AutoConcurrency | undefined
  /** Undefined where the run has no end of its own. */
  readonly untilEnd: UntilEnd | undefined
  /** Records ended by each thread. */
  readonly processedBy: Float64Array
  readonly logger: Logger
  emit(event: WorkEvent): void
}

/** What the parts tell the run. */
export interface RunSteps {
  /** Carries out a step whose fault is the run's. */
  guard(step: () => void): void
  /** The same for one that may have made room. */
  thenWant(step: () => void): void
  read(result: ReadResult): void
  assigned(partitions: readonly AssignedPartition[]): PartitionSlot[] | undefined
  revoked(partitions: readonly TopicPartition[], how: { lost: boolean }): Promise<void>
}

export function makeParts(
  context: RunContext,
  processor: ResolvedProcessor,
  emit: (event: WorkEvent) => void,
  steps: RunSteps,
): Parts {
  const { config, client, logger, mainThread } = context
  const { guard, thenWant } = steps
  const endings = new Endings()
  const failed = (error: Error) => endings.end({ type: 'fail', error })
  const clock = new WorkClock()
  const processedBy = new Float64Array(config.speedup)
  // Parts that are made later are looked up when something happens.
  const engine = new WorkEngine<PackedBatch>(
    engineOptions(context),
    effectsOn(() => parts),
  )
  const credentials = new Credentials(config, logger)
  const consumer = new Consumer(consumerOptions(context, credentials), {
    read: (result) => guard(() => steps.read(result)),
    precedes: (slot, offset) => engine.assignments.at(slot)?.tracker.precedes(offset) === true,
    assigned: steps.assigned,
    revoked: steps.revoked,
    voided: (partition) => ownership.voided(partition),
    failed,
  })
  // Behind what may be refused: nobody would give its lock back.
  const crashes = openCrashJournal(context)
  const host = new ThreadHost(hostOptions(context, processor, engine.inFlight.capacity, crashes), {
    message: (index, message) => thenWant(() => threads.message(index, message)),
    up: (index) => thenWant(() => threads.up(index)),
    notStarted: (index, error, delayMs) => threads.notStarted(index, error, delayMs),
    gone: (index, end) => guard(() => threads.gone(index, end)),
    lost: failed,
  })
  const failures = new Failures({
    ...{ engine, logger, onExhausted: config.onExhausted },
    maxDeadLetterRatio: config.deadLetterTopic?.maxDeadLetterRatio,
    isMarkedFailed: (ticket) => isMarkedFailed(engine, host, ticket),
  })
  const producer = new WorkProducer(producerOptions(context, credentials))
  const { hooks, groupId } = config
  const writes = openWriteHooks({ hooks, groupId, mainThread })
  const { tracer, propagator, clientId } = config
  const untraced = (error: unknown) => mainThread.failedElsewhere('tracer', error, 1, {})
  const tracing = openTracing({ tracer, propagator, clientId, failed: untraced })
  const letters = new Letters({
    ...{ config, client, engine, failures, producer, credentials, writes, tracing, logger, failed },
    step: thenWant,
  })
  const openProducer = () => producer.open()
  const outputs = new Outputs({ engine, host, threads: config.speedup, writes, openProducer })
  const circuits = new CircuitLog(config.circuitBreaker === false ? undefined : config.circuitBreaker.scope)
  const commits = new Commits({
    ...{ engine, consumer, logger },
    intervalMs: config.autoCommitIntervalMs,
    everyRecords: config.commitEveryRecords,
    onCommitted: (offsets) => {
      health.committed()
      emit({ type: 'committed', offsets })
    },
  })
  const { drainTimeoutMs } = config
  const ownership = new Ownership({ engine, host, commits, clock, logger, emit, drainTimeoutMs })
  const health = new RunHealth({
    ...{ config, logger, mainThread, engine, host, consumer, outputs, circuits, processedBy },
    deadLetters: () => letters.health(),
    isFrozen: () => freeze.isFrozen,
  })
  const watchdog = new Watchdog({
    processTimeoutMs: config.processTimeoutMs,
    graceMs: config.graceMs,
    sent: engine.inFlight,
    threads: host,
    retire: (thread) => engine.retire(thread),
    isDebugged: mayBeDebugged,
    off: () => logger.warn('A debugger may be attached to this process: handlers have no deadlines while it may'),
  })
  const threads = new ThreadEvents({
    ...{ engine, host, failures, health, logger, emit, outputs, watchdog, processedBy, drainTimeoutMs },
    leastForBatches: leastForBatches(config),
    isEnding: () => endings.current !== undefined,
    hookFailed: (hook, error, times, fields) => mainThread.failedElsewhere(hook, error, times, fields),
  })
  const freeze = new Freeze({
    assignments: engine.assignments,
    logger,
    // Half, because the group counts from the last heartbeat before.
    limitMs: config.sessionTimeoutMs / 2,
    beat: (limitMs) => {
      for (const board of host.boards) board.beat(performance.now(), limitMs)
    },
    prove: () => commits.prove(),
  })
  const parts: Parts = {
    ...{ engine, host, consumer, credentials, commits, failures, letters, outputs, producer, crashes, circuits },
    ...{ ownership, endings, tracing },
    ...{ clock, freeze, health, threads, watchdog, processedBy, logger, emit },
    meter: context.meter,
    done: new DoneCallbacks({ callbacks: config.onDone, engine, mainThread }),
    hooks: new RunHooks({
      ...{ hooks, groupId, engine, mainThread },
      endOf: (partition) => consumer.cluster.highWatermark(partition),
    }),
    autoConcurrency:
      config.concurrency === 'auto' ? new AutoConcurrency({ max: lanesOf(config), threads: host, logger }) : undefined,
    memory: new MemoryGuard({ maxExternalMb: config.maxExternalMb, threads: host }),
    untilEnd: context.untilEnd ? new UntilEnd((partitions) => consumer.committed(partitions)) : undefined,
  }
  return parts
}

/** The board says that the handler failed, also where its thread could not post why. */
function isMarkedFailed({ inFlight }: WorkEngine<PackedBatch>, { boards }: ThreadHost, ticket: number): boolean {
  const { thread, sequence } = inFlight
  return boards[thread[ticket]!]!.deliveryState(ticket, sequence[ticket]!) === 'failed'
}

/** @throws ZkError ZK_CRASH_JOURNAL_IN_USE, ZK_CRASH_JOURNAL_UNUSABLE */
function openCrashJournal({ config, logger }: RunContext): CrashJournal | undefined {
  const { crashJournal, clientId } = config
  return crashJournal === undefined ? undefined : new CrashJournal({ ...crashJournal, clientId, logger })
}

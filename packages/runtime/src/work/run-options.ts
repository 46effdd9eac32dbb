/** The configuration of a work as the options of its parts. */
import type { WorkEngineOptions } from '@zk/engine'
import type { ClientConfig } from '../config/client-config.js'
import { defaultBatch } from '../config/default-batch.js'
import { consumerProperties, producerProperties } from '../config/properties.js'
import type { WorkConfig } from '../config/work-config.js'
import type { MainThread } from '../health/main-thread.js'
import type { ConsumerOptions } from '../kafka/consumer.js'
import type { Credentials } from '../kafka/credentials.js'
import type { ProducerOptions } from '../kafka/producer.js'
import type { Logger } from '../log/logger.js'
import type { ResolvedProcessor } from '../processor-module/resolve-processor.js'
import type { ThreadHostOptions } from '../threads/host.js'
import type { CrashJournal } from './crash-journal.js'
import type { Meter } from './meter.js'

export interface RunContext {
  client: ClientConfig
  config: WorkConfig
  logger: Logger
  /** Watches what runs on the main thread, the logger among it. */
  mainThread: MainThread
  /** End when every partition of the topics, other members' too, has been processed to where it ended at the start. */
  untilEnd: boolean
  /** The process exits after this run. */
  processEnds: boolean
  /** What processors print on stdout goes to stderr. */
  stdoutToStderr: boolean
  /** Hears of each record that completes. */
  meter?: Meter
}

/** The window starts at so many messages a lane, as far as caches hold them: enough to keep every pinned thread busy. */
const MESSAGES_PER_LANE = 16
/**
 * And at so many a thread. With affinity 'in-flight' a hot key that runs dry lets other keys onto its thread, behind which it has to
 * wait then: 16 threads of one lane had 0.945 of what a hot key allows with 16 messages each, and 0.978 with 32. With 64 more of the
 * others get in ahead of it when it starts.
 */
const MESSAGES_PER_THREAD = 32
/**
 * Lanes that need more than caches hold are so many that they are never all short of messages at once: more a lane only cost time,
 * but where messages of a key come in bursts. For that there is `windowMessages`.
 */
const LEAST_PER_LANE = 2
/**
 * Where the lanes are not counted yet, of as many as there may be: they are many where it matters, and then a thread's lanes are
 * never all short of records at once. Rows of the in-flight table are memory in each thread.
 */
const MESSAGES_PER_POSSIBLE_LANE = 4
/** Far more handlers at once than one event loop serves, or than a downstream service is glad of. */
const MAX_CONCURRENCY = 1_000
/** With concurrency 'auto' the window has room for so many batches in a thread: a limit that it does not feed is taken back. */
const MOST_BATCHES = 32
const MIN_WINDOW = 256
/** More messages on their way than these no longer fit into caches, and each costs more. */
const FIT_INTO_CACHES = 8_192
/** More that wait take more memory than they save time: beyond it there are only as many as may be in progress. */
const MOST_THAT_WAIT = 1_000_000
/** One read of the portable reader, which may be under way when the next request is made. */
const SPARE_ROWS = 1_024

/** Handlers that may ever be in progress at once in one thread. */
export function lanesOf({ concurrency, maxConcurrency = MAX_CONCURRENCY }: WorkConfig): number {
  return concurrency === 'auto' ? maxConcurrency : concurrency
}

export function engineOptions({ config, meter }: Pick<RunContext, 'config' | 'meter'>): WorkEngineOptions {
  const { speedup, ordering, affinity } = config
  return {
    threads: speedup,
    concurrency: lanesOf(config),
    ordering,
    affinity,
    window: windowOf(config),
    spareRows: SPARE_ROWS,
    maxUncommittedRecords: config.maxUncommittedRecords,
    delayMs: config.processDelayMs,
    attempts: config.retry.attempts,
    deadLetters: config.deadLetterTopic !== undefined,
    flood: floodOf(config),
    onExhausted: config.onExhausted,
    circuit: config.circuitBreaker === false ? undefined : config.circuitBreaker,
    processDeathLimit: config.crashJournal?.deaths,
    reportCompletions: config.onDone.length > 0 || config.crashJournal !== undefined || meter !== undefined,
  }
}

function windowOf(config: WorkConfig): WorkEngineOptions['window'] {
  const { batch, speedup, concurrency, windowMessages, windowBytes } = config
  const perLane = concurrency === 'auto' ? MESSAGES_PER_POSSIBLE_LANE : MESSAGES_PER_LANE
  const possible = speedup * lanesOf(config)
  const forLanes = Math.min(LEAST_PER_LANE * possible, Math.max(possible, MOST_THAT_WAIT))
  const wanted = Math.max(perLane * possible, MESSAGES_PER_THREAD * speedup)
  const start = Math.max(MIN_WINDOW, forLanes, Math.min(wanted, windowMessages ?? FIT_INTO_CACHES))
  const forBatches = batch === undefined ? 0 : Math.min(leastForBatches(config), MOST_THAT_WAIT)
  const maxMessages = windowMessages ?? Math.max(FIT_INTO_CACHES, start, forBatches)
  return { minMessages: Math.min(start, maxMessages), maxMessages, maxBytes: windowBytes }
}

/** One batch of each lane runs while the next one gathers. */
export function leastForBatches(config: WorkConfig): number {
  const { batch = defaultBatch, concurrency, speedup } = config
  const lanes = concurrency === 'auto' ? Math.min(MOST_BATCHES, lanesOf(config)) : concurrency
  return 2 * batch.maxSize * lanes * speedup
}

function floodOf({ deadLetterTopic }: WorkConfig): WorkEngineOptions['flood'] {
  if (deadLetterTopic?.maxDeadLetterRatio === undefined) return undefined
  return { maxRatio: deadLetterTopic.maxDeadLetterRatio, window: deadLetterTopic.ratioWindow }
}

export function hostOptions(
  { config, stdoutToStderr }: RunContext,
  processor: ResolvedProcessor,
  capacity: number,
  crashes: CrashJournal | undefined,
): ThreadHostOptions {
  const { speedup, concurrency, ordering, onExhausted, processorOptions } = config
  const { setupTimeoutMs, terminateTimeoutMs, maxHeapMb, maxExternalMb, retry, processTimeoutMs } = config
  return {
    threads: speedup,
    setup: {
      processorUrl: processor.url,
      processorSource: processor.source,
      options: processorOptions,
      concurrency,
      batch: config.batch,
      ordering,
      capacity,
      circuitPerPartition: config.circuitBreaker !== false && config.circuitBreaker.scope === 'partition',
      stopOnFailure: onExhausted === 'stop',
      deadLetters: config.deadLetterTopic !== undefined,
      retry,
      processTimeoutMs,
      maxExternalMb,
      hooks: {
        groupId: config.groupId,
        module: processor.hooks && { url: processor.hooks.url, source: processor.hooks.source },
      },
      tracing:
        config.tracer === false
          ? undefined
          : { groupId: config.groupId, clientId: config.clientId, propagates: config.propagator !== false },
      marks: crashes === undefined ? undefined : { file: crashes.marksFile, threads: speedup },
    },
    setupTimeoutMs,
    terminateTimeoutMs,
    maxHeapMb,
    stdoutToStderr,
  }
}

export function producerOptions({ client, config, logger }: RunContext, credentials: Credentials): ProducerOptions {
  return { properties: producerProperties(config, client), credentials, client: config.reader, logger }
}

export function consumerOptions({ client, config, logger }: RunContext, credentials: Credentials): ConsumerOptions {
  return {
    properties: consumerProperties(config, client),
    bootstrapServers: config.bootstrapServers,
    credentials,
    clientId: config.clientId,
    groupInstanceId: config.groupInstanceId,
    reader: config.reader,
    // By the hash, where threads are chosen by it.
    groups: config.ordering === 'key' && config.affinity === 'hash' ? config.speedup : 1,
    logger,
  }
}

/**
 * A user's processor in a unit test: no Kafka, no threads, the same order and the same calls as in one thread of the
 * runtime.
 */
import { KeyedQueue, NO_KEY } from '@zk/engine'
import type { Logger } from '@zk/runtime'
import { hookedProcessor } from '@zk/runtime/internal'
import type { BatchProcessor, ContextValues, Format, Message, Processor, ThreadHooks } from '@zk/runtime/processor'
import {
  aFunction,
  anObject,
  anything,
  aSignal,
  type Fields,
  milliseconds,
  problemsOf,
  refuse,
  wholeFrom,
} from './check-arguments.js'
import type { OnSend } from './delivery/attempt-sends.js'
import { type LogLine, recordedLog, silent } from './delivery/recorded-log.js'
import { type HookError, type ProcessorOutcome, runAttempts } from './delivery/run-attempts.js'
import { runBatches } from './delivery/run-batches.js'
import { type FakeRecord, recordProblems, uncheckedMessage } from './fake-message.js'

export interface RunProcessorOptions<O = unknown> {
  /** `processorOptions`; the processor gets a copy, as a thread does. */
  options?: O
  /** Records of different keys in progress at once; default 1. Those of one key are never. */
  concurrency?: number
  /**
   * For a processor with `processBatch`: `batch.maxSize`, default 100. All records are there from the beginning, so a batch is as
   * full as order lets it be; `concurrency` is the number of batches in progress.
   */
  batchSize?: number
  /** `retry.attempts`: of one record, the first included; default 1. The next one follows at once: there is no backoff here. */
  attempts?: number
  /** The handler's deadline in milliseconds, as in a work; default 60,000, 0: none. Fake timers of a test runner move it. */
  processTimeoutMs?: number
  /** How long a handler may go on after `ctx.signal` aborted, in milliseconds; default 1,000. Then it is not waited for. */
  graceMs?: number
  /**
   * Aborts `ctx.signal` of all deliveries, to see how the handler takes it. By `abort('revoked')`, `'shutdown'`, `'timeout'` or
   * `'aborted'` the test says why, which the handler finds as `ctx.signal.reason.reason`; anything else is `'aborted'`.
   */
  signal?: AbortSignal
  /** Is `ctx.values` of each attempt, as a copy: what `postRead` would give it. */
  values?: ContextValues
  /** What the hooks module (`hooksModule`) exports; its hooks come before the processor's own. */
  hooks?: ThreadHooks
  /** Answers `ctx.send` in the place of the brokers; what it throws is their refusal. Default: everything is acknowledged. */
  onSend?: OnSend
  /** Where `thread.log` and `ctx.log` go besides `outcome.logs`; default: nowhere. */
  log?: Logger
}

const FIELDS: Fields<RunProcessorOptions> = {
  options: anything,
  concurrency: wholeFrom(1),
  batchSize: wholeFrom(1),
  attempts: wholeFrom(1),
  processTimeoutMs: milliseconds,
  graceMs: milliseconds,
  signal: aSignal,
  values: anObject,
  hooks: anObject,
  onSend: aFunction,
  log: anObject,
}

/**
 * Sets the processor up, runs it over the records and tears it down.
 * @returns the outcomes in the order of the records; a failed record is an outcome and stops nothing
 * @throws what `setup` or `teardown` throws, what the format rejects with when it cannot get what the records' values need,
 *   ZkError ZK_CONFIG_INVALID naming all that is wrong with the call: what is no processor, an option or a field of a record that
 *   there is not, a concurrency or attempts that would run nothing
 */
export async function runProcessor<V = Buffer, O = unknown, S = unknown>(
  processor: Processor<V, O, S> | BatchProcessor<V, O, S>,
  records: readonly FakeRecord<V>[],
  given: RunProcessorOptions<O> = {},
): Promise<ProcessorOutcome<V>[]> {
  const isProcessor = typeof processor?.process === 'function' || typeof processor?.processBatch === 'function'
  refuse('runProcessor', [
    ...(isProcessor
      ? []
      : [{ path: 'processor', message: 'has no process; expected an object with a process or processBatch function' }]),
    ...recordProblems(records, [], processor?.format !== undefined),
    ...problemsOf(given, FIELDS),
  ])
  const { options, concurrency = 1, batchSize = 100, attempts = 1, log = silent } = given
  const { processTimeoutMs = 60_000, graceMs = 1_000 } = given
  await prepareValues(processor.format, records)
  const messages = records.map((record, i) => uncheckedMessage<V>({ offset: i, ...record }, processor.format))
  const state = (await processor.setup?.({ index: 0, options: structuredClone(options) as O, log })) as S
  const { values, hooks, signal, onSend } = given
  try {
    if (processor.processBatch !== undefined) {
      const ofBatches = processor as unknown as BatchProcessor<unknown, never, S>
      const delivery = {
        processor: ofBatches,
        hooks,
        state,
        values,
        attempts,
        processTimeoutMs,
        graceMs,
        signal,
        onSend,
      }
      const all = await runBatches({ ...delivery, maxSize: batchSize, concurrency, log }, messages, lanesOf(messages))
      return all as ProcessorOutcome<V>[]
    }
    return await inKeyOrder(messages, concurrency, (message) => {
      const logs: LogLine[] = []
      const hookErrors: HookError[] = []
      const hooked = withHooks(processor, hooks, hookErrors)
      const delivery = {
        ...{ processor: (hooked ?? processor) as Processor<unknown, never, S>, decodesItself: hooked !== undefined },
        ...{ state, values, attempts, processTimeoutMs, graceMs, signal, onSend },
      }
      return runAttempts(delivery, message, { log: recordedLog(logs, log), logs, hookErrors })
    })
  } finally {
    await processor.teardown?.()
  }
}

/** As in a thread: what a hook throws changes nothing. @returns undefined where there are none */
function withHooks<V, O, S>(
  processor: Processor<V, O, S>,
  module: ThreadHooks | undefined,
  hookErrors: HookError[],
): Processor<unknown> | undefined {
  return hookedProcessor(processor as Processor<unknown>, {
    ...{ module, groupId: 'test' },
    failed: (hook, error) => hookErrors.push({ hook, error }),
  })
}

/** A registry that is down, which in the runtime is waited for, fails the test. */
async function prepareValues<V>(format: Format<V> | undefined, records: readonly FakeRecord<V>[]): Promise<void> {
  for (const { topic = 'test', value = null } of records) {
    if (value !== null) await format?.prepareEncode?.({ topic, part: 'value' })
  }
}

/** The runtime's own queue decides what may run beside what. `run` must not reject. */
function inKeyOrder<V>(
  messages: readonly Message<V>[],
  concurrency: number,
  run: (message: Message<V>) => Promise<ProcessorOutcome<V>>,
): Promise<ProcessorOutcome<V>[]> {
  const lanes = lanesOf(messages)
  const queue = new KeyedQueue(concurrency)
  for (const [i, lane] of lanes.entries()) queue.push(lane, i)
  const outcomes = new Array<ProcessorOutcome<V>>(messages.length)
  return new Promise((resolve, reject) => {
    function pump(): void {
      for (let i = queue.take(); i >= 0; i = queue.take()) {
        const item = i
        run(messages[item]).then((outcome) => {
          outcomes[item] = outcome
          queue.done(lanes[item])
          pump()
        }, reject)
      }
      if (queue.running === 0) resolve(outcomes)
    }
    pump()
  })
}

/** A number for each key of each partition; here they may not meet by hash, as a test must not depend on that. */
function lanesOf(messages: readonly Message<unknown>[]): number[] {
  const lanes = new Map<string, number>()
  return messages.map(({ topic, partition, key }) => {
    if (key === null) return NO_KEY
    const name = `${topic}/${partition}/${key.toString('hex')}`
    const lane = lanes.get(name) ?? lanes.size
    lanes.set(name, lane)
    return lane
  })
}

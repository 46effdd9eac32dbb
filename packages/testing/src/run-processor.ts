/**
 * A user's processor in a unit test: no Kafka, no threads, the same order and the same calls as in one thread of the
 * runtime.
 */
import { KeyedQueue, NO_KEY } from '@zk/engine'
import type { Logger } from '@zk/runtime'
import { hookedProcessor, packOutgoing, readOutgoing } from '@zk/runtime/internal'
import type {
  ContextValues,
  Format,
  Message,
  OutgoingRecord,
  ProcessContext,
  Processor,
  SendOptions,
  SentRecord,
} from '@zk/runtime/processor'
import { type FakeRecord, fakeMessage } from './fake-message.js'

export interface RunProcessorOptions<O = unknown> {
  /** `processorOptions`; the processor gets a copy, as a thread does. */
  options?: O
  /** Records of different keys in progress at once; default 1. Those of one key are never. */
  concurrency?: number
  /** Is `ctx.signal` of all deliveries: abort it to see how the handler takes it. */
  signal?: AbortSignal
  /** Is `ctx.values` of each record, as a copy: what `postRead` would give it. */
  values?: ContextValues
  /** Where `thread.log` and `ctx.log` go; default: nowhere. */
  log?: Logger
}

/** What became of one record. */
export interface ProcessorOutcome<V = Buffer> {
  message: Message<V>
  ok: boolean
  /** What the handler threw or rejected with, or the format's error. */
  error?: unknown
  durationMs: number
  /** What the handler sent by `ctx.send`, in order, as bytes. Nothing is written anywhere. */
  sent: SentOutput[]
}

/** A record that a handler sent. */
export interface SentOutput {
  topic: string
  key: Buffer | null
  value: Buffer | null
  headers: readonly (readonly [name: string, value: Buffer | null])[]
  /** Undefined where the handler gave none. */
  partition: number | undefined
  /** Undefined where the handler gave none. */
  timestamp: number | undefined
}

/**
 * Sets the processor up, runs it over the records and tears it down.
 * @returns the outcomes in the order of the records; a failed record is an outcome and stops nothing
 * @throws what `setup` or `teardown` throws, what the format rejects with when it cannot get what the records' values need, TypeError for something that is no processor, RangeError for a concurrency
 *   that would run nothing
 */
export async function runProcessor<V = Buffer, O = unknown, S = unknown>(
  processor: Processor<V, O, S>,
  records: readonly FakeRecord<V>[],
  {
    options,
    concurrency = 1,
    signal = new AbortController().signal,
    values,
    log = silent,
  }: RunProcessorOptions<O> = {},
): Promise<ProcessorOutcome<V>[]> {
  if (typeof processor?.process !== 'function') throw new TypeError('a processor is an object with a process function')
  if (!Number.isInteger(concurrency) || concurrency < 1) throw new RangeError('concurrency is a whole number from 1')
  await prepareValues(processor.format, records)
  const messages = records.map((record, i) => fakeMessage<V>({ offset: i, ...record }, processor.format))
  // As in a thread: what a hook throws changes nothing.
  const hooked = hookedProcessor(processor as Processor<unknown>, {
    ...{ module: undefined, groupId: 'test' },
    failed: (hook, err, { offset }) => log.error({ err, callback: hook, offset }, `${hook} failed; the work goes on`),
  }) as Processor<V, O, S> | undefined
  // Hooks come before the value is decoded, which their processor does by itself.
  const run: Processor<V, O, S> =
    hooked === undefined ? processor : { process: (message, ctx) => hooked.process(message, ctx) }
  const state = (await processor.setup?.({ index: 0, options: structuredClone(options) as O, log })) as S
  try {
    return await inKeyOrder(messages, concurrency, (message) => {
      const sent: SentOutput[] = []
      const given = { signal, log, state, send: sendInto(sent), values: structuredClone(values ?? {}) }
      return deliver(run, processor.format, message, contextOf(message, given), sent)
    })
  } finally {
    await processor.teardown?.()
  }
}

/** A registry that is down, which in the runtime is waited for, fails the test. */
async function prepareValues<V>(format: Format<V> | undefined, records: readonly FakeRecord<V>[]): Promise<void> {
  for (const { topic = 'test', value = null } of records) {
    if (value !== null) await format?.prepareEncode?.({ topic, part: 'value' })
  }
}

/** Refuses what the runtime would refuse. */
function sendInto(sent: SentOutput[]) {
  return (topic: string, record: OutgoingRecord<unknown>, options?: SendOptions<unknown>): Promise<SentRecord> => {
    const format = options?.format
    if (format === undefined) return Promise.resolve(keep(topic, record as OutgoingRecord))
    // What is no value throws at once, as it does without a format.
    packOutgoing(topic, { ...record, value: null })
    return encoded(topic, record, format).then((bytes) => keep(topic, { ...record, value: bytes }))
  }

  async function encoded(topic: string, { value }: OutgoingRecord<unknown>, format: Format<unknown>) {
    if (value === null) return null
    const place = { topic, part: 'value' } as const
    await format.prepareEncode?.(place)
    return format.encode(value, place)
  }

  function keep(topic: string, record: OutgoingRecord): SentRecord {
    const { key, value, headers, partition, timestamp } = readOutgoing(packOutgoing(topic, record))
    const given = (number: number) => (number < 0 ? undefined : number)
    const bytes = (part: Uint8Array | null) => (part === null ? null : Buffer.from(part))
    const offset =
      sent.push({
        topic,
        key: bytes(key),
        value: bytes(value),
        headers: headers.map(([name, one]) => [name, bytes(one)] as const),
        partition: given(partition),
        timestamp: given(timestamp),
      }) - 1
    return { partition: Math.max(partition, 0), offset }
  }
}

function contextOf<S>(
  { topic, partition, offset }: Message<unknown>,
  given: Pick<ProcessContext<S>, 'signal' | 'log' | 'state' | 'send' | 'values'>,
): ProcessContext<S> {
  return {
    ...given,
    attempt: 1,
    deadline: undefined,
    extendDeadline: () => false,
    idempotencyKey: `${topic}-${partition}-${offset}`,
    virtualPartition: 0,
  }
}

async function deliver<V, O, S>(
  processor: Processor<V, O, S>,
  format: Format<V> | undefined,
  message: Message<V>,
  ctx: ProcessContext<S>,
  sent: SentOutput[],
): Promise<ProcessorOutcome<V>> {
  const started = performance.now()
  try {
    const { topic, rawValue } = message
    if (rawValue !== null) await format?.prepareDecode?.(rawValue, { topic, part: 'value' })
    // Decoded before the handler is called: bytes that do not decode are a failure of the record, not of its code.
    if (processor.format) message.value
    await processor.process(message, ctx)
    return { message, ok: true, durationMs: performance.now() - started, sent }
  } catch (error) {
    return { message, ok: false, error, durationMs: performance.now() - started, sent }
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
  return new Promise((resolve) => {
    function pump(): void {
      for (let i = queue.take(); i >= 0; i = queue.take()) {
        const item = i
        void run(messages[item]!).then((outcome) => {
          outcomes[item] = outcome
          queue.done(lanes[item]!)
          pump()
        })
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

const nothing = (): void => {}
const silent: Logger = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing }

/**
 * A client without brokers, for tests of code that writes, reads or owns a work. An entry of its own
 * (`@zk/testing/fake-client`): it loads the runtime, which the rest of the kit does without.
 *
 * It is the runtime's own client, with its readers, writers and works, over topics in memory: what they refuse, how they order
 * and what they commit is the runtime's code and not a copy of it.
 */
import type { Format } from '@zk/formats'
import { Client, type ClientInput, errors } from '@zk/runtime'
import {
  parseClientConfig,
  type ResolvedProcessor,
  resolveProcessor,
  type WorkConfig,
} from '@zk/runtime/internal/fake-client'
import type { Message } from '@zk/runtime/processor'
import {
  aFunction,
  anObject,
  aText,
  checkArgument,
  type Fields,
  kind,
  milliseconds,
  refuse,
  wholeFrom,
} from './check-arguments.js'
import { FakeGroups } from './fake-client/groups.js'
import { FakeProducer } from './fake-client/producer.js'
import { FakeSubscription } from './fake-client/subscription.js'
import { FakeTopics, type Refusal, type TopicRecord } from './fake-client/topics.js'
import type { LoadProcessor } from './fake-client/work-modules.js'
import type { WorkOutcome } from './fake-client/work-records.js'
import { FakeWorkRun } from './fake-client/work-run.js'
import { type FakeRecord, recordProblems, uncheckedMessage } from './fake-message.js'

export type { LoadProcessor, Refusal, WorkOutcome }

export interface FakeClientOptions {
  /** Names, or names with their number of partitions. Other topics appear when they are first used. */
  topics?: readonly string[] | Readonly<Record<string, number>>
  /** Partitions of a topic that does not say. Default 1. */
  partitions?: number
  /** What the code under test gives to `createClient`, as far as it matters: `groupPrefix`, `clientId`. */
  config?: Partial<ClientInput>
  /**
   * Gives the processor of a work in the place of its module, such as `() => import('../src/processor.js').then((m) => m.default)`: then
   * the test runner loads it, with its mocks. Default: the module is loaded, and compiled, as a thread of the runtime does it.
   */
  loadProcessor?: LoadProcessor
}

const partitionCount = wholeFrom(1)
const FIELDS: Fields<FakeClientOptions> = {
  topics: kind('names, or an object of names and their number of partitions, from 1', (value) =>
    Array.isArray(value)
      ? value.every((name) => typeof name === 'string')
      : anObject.is(value) && Object.values(value as object).every((count) => partitionCount.is(count)),
  ),
  partitions: partitionCount,
  config: anObject,
  loadProcessor: aFunction,
}
const WAITING: Fields<Waiting> = { timeoutMs: milliseconds }
const REFUSAL: Fields<Refusal> = {
  message: aText,
  code: kind("a number of librdkafka's", (value) => Number.isInteger(value)),
}

/** How long `until` and `settled` wait, in milliseconds. */
const PATIENCE_MS = 5_000

interface Waiting {
  /** Rejects after so long, in milliseconds; default 5,000. */
  timeoutMs?: number
}

export class FakeClient extends Client {
  readonly #topics: FakeTopics
  readonly #groups: FakeGroups
  readonly #runs: readonly FakeWorkRun[]
  /** Calls of `work.run` that have not settled. */
  readonly #starting: ReadonlySet<Promise<unknown>>
  readonly #outcomes: readonly WorkOutcome[]

  /** Made by `createFakeClient`. */
  constructor({ topics = [], partitions = 1, config, loadProcessor: load }: FakeClientOptions) {
    const inMemory = new FakeTopics(partitions)
    const groups = new FakeGroups(inMemory)
    const outcomes: WorkOutcome[] = []
    const runs: FakeWorkRun[] = []
    const starting = new Set<Promise<unknown>>()
    super(parseClientConfig({ bootstrapServers: ['fake:9092'], ...config }), {
      openProducer: async () => new FakeProducer(inMemory),
      subscribe: ({ config }, listener) => {
        const { topics: wanted, groupId, autoOffsetReset, maxUncommittedRecords } = config
        const options = { topics: inMemory, groups, wanted, groupId, autoOffsetReset, maxUncommittedRecords }
        return new FakeSubscription(options, listener)
      },
      starts: (running) => {
        starting.add(running)
        const ended = () => {
          starting.delete(running)
          inMemory.changed()
        }
        running.then(ended, ended)
      },
      ...(load !== undefined && { resolve: findNothing }),
      makeRun: (context, resolved, emit) => {
        const ended = (outcome: WorkOutcome) => void outcomes.push(outcome)
        const run = new FakeWorkRun({ topics: inMemory, groups, context, load, emit, ended }, resolved)
        runs.push(run)
        return run
      },
    })
    this.#topics = inMemory
    this.#groups = groups
    this.#outcomes = outcomes
    this.#runs = runs
    this.#starting = starting
    const wanted = Array.isArray(topics) ? topics.map((name: string) => [name, undefined]) : Object.entries(topics)
    for (const [name, count] of wanted as [string, number | undefined][]) inMemory.create(name, count)
  }

  /**
   * Puts records on a topic, as another program would have.
   *
   * @param format encodes values; without one they are bytes or texts
   * @throws FormatError when it does not; ZkError ZK_CONFIG_INVALID for a field that there is not, and a partition that the topic
   *   does not have
   */
  feed<V = Buffer>(
    topic: string,
    records: readonly Omit<FakeRecord<V>, 'topic' | 'offset'>[],
    format?: Format<V>,
  ): void {
    refuse('feed', this.#problemsOf(topic, records, format !== undefined))
    for (const record of records) {
      const { key, rawValue, headers, timestamp } = uncheckedMessage<V>({ ...record, topic } as FakeRecord<V>, format)
      const { partition = -1 } = record
      this.#topics.append({ topic, partition, key, value: rawValue, headers: [...headers], timestamp }, false)
    }
  }

  /** What the code under test has written to a topic: by writers, as outputs, or as dead letters; by partition and offset. */
  written(topic: string): Message[]
  written<V>(topic: string, format: Format<V>): Message<V>[]
  written(topic: string, format?: Format<unknown>): Message<unknown>[] {
    return this.#messages(topic, format, ({ isWritten }) => isWritten)
  }

  /** All that a topic holds, what the test fed included. */
  records(topic: string): Message[]
  records<V>(topic: string, format: Format<V>): Message<V>[]
  records(topic: string, format?: Format<unknown>): Message<unknown>[] {
    return this.#messages(topic, format, () => true)
  }

  /** What became of the records that works have read, in the order in which they ended. */
  outcomes(topic?: string): readonly WorkOutcome[] {
    return this.#outcomes.filter((one) => topic === undefined || one.topic === topic)
  }

  /**
   * Where a group would go on reading, by partition: everything that is done counts, as if its commit had just been due. Undefined
   * where it has finished nothing.
   */
  committed(groupId: string, topic: string): (number | undefined)[] {
    this.#groups.store(groupId)
    return this.#topics
      .partitions(topic)
      .map((_, partition) => this.#topics.committed(groupId, topic, partition)?.offset)
  }

  /** Writes to a topic fail from now on, those of works and their dead letters too; until `accept`. */
  refuse(topic: string, refusal: Partial<Refusal> = {}): void {
    checkArgument<Partial<Refusal>>('refuse', refusal, REFUSAL)
    this.#topics.refuse(topic, { message: 'Broker: Message size too large', code: 10, ...refusal })
  }

  /** Writes to a topic succeed again. */
  accept(topic: string): void {
    this.#topics.refuse(topic, undefined)
  }

  /**
   * Waits until something is so, which is looked at after each change: a record that was written, fed, committed or has ended.
   *
   * @throws ZkError ZK_TEST_TIMEOUT after `timeoutMs`, with what the condition is
   */
  async until(condition: () => boolean, options: Waiting = {}): Promise<void> {
    checkArgument('until', options, WAITING)
    const { timeoutMs = PATIENCE_MS } = options
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, 'late')
    })
    try {
      // What the test has just fed is on its way to whoever reads it.
      await this.#topics.heard()
      while (!condition()) {
        const what = await Promise.race([this.#topics.change(), late])
        if (what === 'late' && !condition()) throw errors.ZK_TEST_TIMEOUT(String(condition), timeoutMs)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Waits until the works whose `run` was called have nothing left to do, or have ended. @throws ZkError ZK_TEST_TIMEOUT after `timeoutMs` */
  settled(options?: Waiting): Promise<void> {
    return this.until(() => {
      const live = this.#runs.filter(({ isOver }) => !isOver)
      return live.length === this.#starting.size && live.every(({ isIdle }) => isIdle)
    }, options)
  }

  #messages(
    topic: string,
    format: Format<unknown> | undefined,
    isWanted: (record: TopicRecord) => boolean,
  ): Message<unknown>[] {
    const records = this.#topics.records(topic).filter(isWanted)
    return records.map(({ value, ...record }) => uncheckedMessage<unknown>({ ...record, rawValue: value }, format))
  }

  #problemsOf(topic: string, records: readonly object[], hasFormat: boolean) {
    const problems = recordProblems(records, ['topic', 'offset'], hasFormat)
    if (problems.length > 0) return problems
    const { length } = this.#topics.partitions(topic)
    return (records as readonly FakeRecord[]).flatMap(({ partition = 0 }, i) =>
      partition < length
        ? []
        : [{ path: `records[${i}].partition`, message: `is ${partition}; ${topic} has ${length} in this fake client` }],
    )
  }
}

/** Where the test brings the processor its module need not even be there, and nothing is compiled. The hooks module is found as ever. */
async function findNothing({ processor, hooksModule }: WorkConfig): Promise<ResolvedProcessor> {
  const source = String(processor)
  const hooks = hooksModule === undefined ? undefined : await resolveProcessor(hooksModule, { cwd: process.cwd() })
  return {
    url: source,
    source,
    compiled: false,
    watch: async () => [],
    warnings: [],
    ...(hooks !== undefined && { hooks }),
  }
}

/** @throws ZkError ZK_CONFIG_* for an option that there is not, and a `config` that `createClient` would refuse */
export function createFakeClient(options: FakeClientOptions = {}): FakeClient {
  checkArgument('createFakeClient', options, FIELDS)
  return new FakeClient(options)
}

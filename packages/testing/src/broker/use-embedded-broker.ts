/** An embedded broker for the tests of a file: it starts before the first of them and stops after the last, in any test runner. */
import { randomUUID } from 'node:crypto'
import type { Format } from '@zk/formats'
import { type Client, createClient, errors } from '@zk/runtime'
import { type EmbeddedBroker, type EmbeddedBrokerOptions, startEmbeddedBroker } from '@zk/runtime/embedded-broker'
import type { Message } from '@zk/runtime/processor'
import { refuse } from '../check-arguments.js'
import { silent } from '../delivery/recorded-log.js'
import { type FakeRecord, recordProblems, uncheckedMessage } from '../fake-message.js'
import { type ReadTopicOptions, readTopic } from './read-topic.js'

type Hook = (run: () => Promise<void>) => unknown

/** The runner's hooks around all tests: `before` and `after` of node:test, `beforeAll` and `afterAll` of vitest and jest. */
export type SuiteHooks = { before: Hook; after: Hook } | { beforeAll: Hook; afterAll: Hook }

/** Of a test file. Nothing of it is there before the first test. */
export interface TestBroker {
  /** Addresses on the loopback interface. */
  readonly bootstrapServers: string[]
  /** A client of this broker, closed before it stops: works that still run are shut down. */
  readonly client: Client
  /** A topic that no other test has. @param partitions default as the options say @returns its name */
  createTopic(partitions?: number): string
  /** Writes records and waits for their acknowledgement. @param format encodes values; without one they are bytes or texts */
  produce<V = Buffer>(
    topic: string,
    records: readonly Omit<FakeRecord<V>, 'topic' | 'offset'>[],
    format?: Format<V>,
  ): Promise<void>
  /** As `readTopic`, of this broker. */
  readTopic<V = Buffer>(options: ReadTopicOptions<V>): Promise<Message<V>[]>
}

/**
 * Call it at the top of a test file, or of a suite.
 *
 * @param hooks of the test runner, such as `{ before, after }` of node:test or `{ beforeAll, afterAll }` of vitest
 */
export function useEmbeddedBroker(hooks: SuiteHooks, options: EmbeddedBrokerOptions = {}): TestBroker {
  const [before, after] = 'before' in hooks ? [hooks.before, hooks.after] : [hooks.beforeAll, hooks.afterAll]
  let started: Started | undefined
  before(async () => {
    started = new Started(await startEmbeddedBroker(options))
  })
  after(async () => {
    await started?.stop()
    started = undefined
  })
  const now = (): Started => {
    if (started !== undefined) return started
    throw errors.ZK_TEST_BROKER_DOWN()
  }
  return {
    get bootstrapServers() {
      return now().bootstrapServers
    },
    get client() {
      return now().client
    },
    createTopic: (partitions) => now().createTopic(partitions),
    produce: (topic, records, format) => now().produce(topic, records, format),
    readTopic: (options) => readTopic({ bootstrapServers: now().bootstrapServers }, options),
  }
}

class Started {
  readonly bootstrapServers: string[]
  readonly client: Client
  readonly #broker: EmbeddedBroker

  constructor(broker: EmbeddedBroker) {
    this.#broker = broker
    this.bootstrapServers = broker.bootstrapServers.split(',')
    this.client = createClient({ bootstrapServers: this.bootstrapServers })
  }

  createTopic(partitions?: number): string {
    const name = `topic-${randomUUID()}`
    this.#broker.createTopic(name, partitions)
    return name
  }

  async produce<V>(
    topic: string,
    records: readonly Omit<FakeRecord<V>, 'topic' | 'offset'>[],
    format?: Format<V>,
  ): Promise<void> {
    await format?.prepareEncode?.({ topic, part: 'value' })
    refuse('produce', recordProblems(records, ['topic', 'offset'], format !== undefined))
    const messages = records.map((record) => uncheckedMessage<V>({ ...record, topic } as FakeRecord<V>, format))
    // Not the test's own writer of this topic, whose settings may be others.
    const writer = this.client.writer({ topic, clientId: 'use-embedded-broker', logger: silent })
    await Promise.all(
      messages.map(({ key, rawValue, headers, timestamp }, i) => {
        const { partition } = records[i]
        const options = { headers, ...(timestamp >= 0 && { timestamp }), ...(partition !== undefined && { partition }) }
        return writer.writeRaw(key, rawValue, options)
      }),
    )
  }

  async stop(): Promise<void> {
    try {
      await this.client.close()
    } finally {
      await this.#broker.stop()
    }
  }
}

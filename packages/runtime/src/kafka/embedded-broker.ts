/**
 * A Kafka broker inside this process, for tests, demos and benchmarks: librdkafka's mock cluster. Any client can connect
 * to it. It keeps groups, commits, transactions and headers, and forgets everything when it stops; it drops the oldest
 * records of a partition beyond 5 MiB or 100,000.
 *
 * With @zk/native topics get the partitions that are asked for and groups form at once. Without it the cluster comes by
 * configuration only: topics appear on use, with four partitions, and a group waits three seconds for its members.
 */
import Kafka from 'node-rdkafka'
import { errors } from '../errors.js'
import { connected, disconnected } from './connect.js'

export interface EmbeddedBrokerOptions {
  /** Names, or names with their number of partitions. Other topics appear when they are first used. */
  topics?: readonly string[] | Readonly<Record<string, number>>
  /** Partitions of a topic that does not say. Default 4. */
  partitions?: number
  /** Default 1. */
  brokers?: number
}

export interface EmbeddedBroker {
  /** Addresses on the loopback interface, comma-separated. */
  readonly bootstrapServers: string
  createTopic(name: string, partitions?: number): void
  stop(): Promise<void>
}

const DEFAULT_PARTITIONS = 4
const CONNECT_TIMEOUT_MS = 10_000

export async function startEmbeddedBroker(options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> {
  const { topics = [], partitions = DEFAULT_PARTITIONS, brokers = 1 } = options
  const wanted = Array.isArray(topics)
    ? topics.map((name: string) => [name, partitions] as const)
    : Object.entries(topics)
  const broker = (await fromAddon(brokers, partitions)) ?? (await fromConfiguration(brokers))
  for (const [name, count] of wanted) broker.createTopic(name, count)
  return broker
}

async function fromAddon(brokers: number, defaultPartitions: number): Promise<EmbeddedBroker | undefined> {
  let cluster: import('@zk/native/mock-cluster').MockCluster
  try {
    const { createMockCluster } = await import('@zk/native/mock-cluster')
    cluster = createMockCluster({ brokers, defaultPartitions })
  } catch {
    return undefined
  }
  cluster.setGroupInitialRebalanceDelay(0)
  return {
    bootstrapServers: cluster.bootstrapServers,
    createTopic: (name, partitions = defaultPartitions) => cluster.createTopic(name, partitions),
    stop: async () => cluster.close(),
  }
}

async function fromConfiguration(brokers: number): Promise<EmbeddedBroker> {
  const host = new Kafka.HighLevelProducer({ 'bootstrap.servers': 'unused', 'test.mock.num.brokers': brokers } as never)
  const { brokers: addresses } = await connected(host, CONNECT_TIMEOUT_MS)
  return {
    bootstrapServers: addresses.map(({ host, port }) => `${host}:${port}`).join(','),
    createTopic: (name, partitions = DEFAULT_PARTITIONS) => {
      if (partitions === DEFAULT_PARTITIONS) return
      throw errors.ZK_NATIVE_NOT_BUILT(`topic ${name} of the embedded broker needs ${partitions} partitions, not 4`)
    },
    stop: () => disconnected(host),
  }
}

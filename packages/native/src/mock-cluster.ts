/**
 * For tests only: librdkafka's mock brokers inside this process, independent of any consumer or producer. They know
 * producers, consumer groups, commits and transactions, keep everything in memory, and *drop* what a partition holds
 * beyond 5 MiB or 100,000 messages.
 */
import { addon } from './binding.js'
import { KafkaError } from './errors.js'

export interface MockClusterOptions {
  /** How many brokers; their ids are 1 to this. Default 1. */
  brokers?: number
  /** What `createTopic` makes when it is not told. Default 4, as topics that appear by being used always have. */
  defaultPartitions?: number
}

export interface MockCluster {
  /** `host:port,…` of the brokers, on loopback. */
  readonly bootstrapServers: string
  /** @throws KafkaError 36 when the topic exists. */
  createTopic(name: string, partitions?: number): void
  /** How long a new group waits for more members, in milliseconds. Default 3,000. */
  setGroupInitialRebalanceDelay(ms: number): void
  /** The next requests of this kind are answered with these Kafka error codes, one each (0: no error). */
  pushRequestErrors(apiKey: number, errorCodes: readonly number[]): void
  /** Takes a broker down (connections are cut and refused) or up again. */
  setBrokerUp(id: number, up: boolean): void
  /** Delays every answer of a broker, in milliseconds. */
  setBrokerRoundTripTime(id: number, ms: number): void
  /** Stops the brokers. Disconnect the clients first. Idempotent; everything else throws afterwards. */
  close(): void
}

export function createMockCluster(options: MockClusterOptions = {}): MockCluster {
  const { brokers = 1, defaultPartitions = 4 } = options
  if (!Number.isInteger(brokers) || brokers < 1) throw new RangeError('A mock cluster has at least one broker')
  const handle = new addon.MockCluster(brokers)
  const bootstrapServers = handle.bootstrapServers()
  const check = (code: number): void => {
    if (code !== 0) throw new KafkaError(code, addon.errorText(code))
  }
  return {
    bootstrapServers,
    createTopic: (name, partitions = defaultPartitions) => check(handle.createTopic(name, partitions)),
    setGroupInitialRebalanceDelay: (ms) => handle.setGroupInitialRebalanceDelay(ms),
    pushRequestErrors: (apiKey, errorCodes) => handle.pushRequestErrors(apiKey, [...errorCodes]),
    setBrokerUp: (id, up) => check(handle.setBrokerUp(id, up)),
    setBrokerRoundTripTime: (id, ms) => check(handle.setBrokerRoundTripTime(id, ms)),
    close: () => handle.close(),
  }
}

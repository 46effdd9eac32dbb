/** Dead letter topics that refuse for a while, on the embedded broker and on a real Kafka. */
import { randomUUID } from 'node:crypto'
import { createMockCluster } from '@zk/native/mock-cluster'
import { type Admin, ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import { isReal, Stage } from './stage.js'
import { eventually } from './waiting.js'

const [PRODUCE, BAD_TIMESTAMP, TOO_FEW_REPLICAS, TOO_LARGE] = [0, 32, 19, 10]
/** The first partition of a topic is led by the one, the second by the other. */
const [CUT, KEPT] = [1, 2]

export interface Refusal {
  stage: Stage
  topic: string
  /** In which the records are, with the timestamp `OLD`. */
  partition: number
  letters: string
  groupId: string
  begin(): Promise<void>
  /** No-op where the refusal ends by itself, after a number of tries. */
  end(): Promise<void>
}

/** So long ago that a topic may refuse them for it. */
export const OLD = Date.now() - 600_000

export const refusals: Record<string, (admins: Admins) => Promise<Refusal>> = isReal
  ? { 'the topic takes no old records any more': byConfiguration }
  : {
      'the topic takes no such records': (admins) => byErrors(admins, BAD_TIMESTAMP, 6),
      'too few replicas are in sync': (admins) => byErrors(admins, TOO_FEW_REPLICAS, 8),
      'its broker is gone': byBroker,
    }

/** A topic that takes only small records. @param times how many requests the embedded broker answers so */
export async function smallRecordsOnly(admins: Admins, times = 2): Promise<Refusal> {
  // The embedded broker does not look at sizes: the first answer is about the batch, the second about the record alone.
  if (!isReal) return byErrors(admins, TOO_LARGE, times)
  const stage = Stage.on(process.env.KAFKA_BOOTSTRAP!)
  admins.later(() => stage.clear())
  const letters = `dlt-${randomUUID()}`
  const admin = await admins.of(stage.bootstrapServers)
  const configEntries = [{ name: 'max.message.bytes', value: '20000' }]
  await admin.createTopics({ topics: [{ topic: letters, numPartitions: 1, configEntries }], waitForLeaders: true })
  return {
    ...{ stage, topic: await stage.topic(1), partition: 0, letters, groupId: `g-${randomUUID()}` },
    begin: async () => {},
    end: async () => {},
  }
}

/** Connected ones, and what else has to be closed after a test. */
export class Admins {
  readonly #closing: (() => unknown)[] = []

  async of(bootstrapServers: string): Promise<Admin> {
    const admin = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING }).admin({
      retry: { retries: 1 },
    })
    await admin.connect()
    this.later(() => admin.disconnect())
    return admin
  }

  later(close: () => unknown): void {
    this.#closing.push(close)
  }

  /** The last first. */
  async close(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) await close()
  }
}

async function byErrors(admins: Admins, code: number, times: number): Promise<Refusal> {
  const cluster = createMockCluster()
  cluster.setGroupInitialRebalanceDelay(0)
  admins.later(() => cluster.close())
  const stage = Stage.on(cluster.bootstrapServers)
  admins.later(() => stage.clear())
  for (const topic of ['records', 'letters']) cluster.createTopic(topic, 1)
  return {
    ...{ stage, topic: 'records', partition: 0, letters: 'letters', groupId: 'g' },
    begin: async () => cluster.pushRequestErrors(PRODUCE, Array(times).fill(code)),
    end: async () => {},
  }
}

/** A group whose coordinator is among the brokers that are up, or is not. */
export async function groupWhoseCoordinatorIs(state: 'up' | 'down', admin: Admin, topic: string): Promise<string> {
  for (;;) {
    const groupId = `g-${randomUUID()}`
    const answered = admin.fetchOffsets({ groupId, topics: [topic] })
    const isUp = await answered.then(
      () => true,
      () => false,
    )
    if (isUp === (state === 'up')) return groupId
  }
}

/** Two brokers, of which one has the dead letter topic and nothing else. */
async function byBroker(admins: Admins): Promise<Refusal> {
  const cluster = createMockCluster({ brokers: 2 })
  cluster.setGroupInitialRebalanceDelay(0)
  admins.later(() => cluster.close())
  // Whoever begins at the broker that stays need not look for one.
  const kept = cluster.bootstrapServers.split(',')[KEPT - 1]!
  const stage = Stage.on(kept)
  admins.later(() => stage.clear())
  const admin = await admins.of(kept)
  const [topic, letters] = ['records', 'letters']
  cluster.createTopic(topic, 2)
  cluster.createTopic(letters, 1)
  cluster.setBrokerUp(CUT, false)
  const groupId = await groupWhoseCoordinatorIs('up', admin, topic)
  cluster.setBrokerUp(CUT, true)
  return {
    ...{ stage, topic, partition: 1, letters, groupId },
    begin: async () => cluster.setBrokerUp(CUT, false),
    end: async () => cluster.setBrokerUp(CUT, true),
  }
}

/** A topic that refuses records by their age. */
async function byConfiguration(admins: Admins): Promise<Refusal> {
  const stage = Stage.on(process.env.KAFKA_BOOTSTRAP!)
  admins.later(() => stage.clear())
  const letters = await stage.topic(1, `dlt-${randomUUID()}`)
  return {
    ...{ stage, topic: await stage.topic(1), partition: 0, letters, groupId: `g-${randomUUID()}` },
    begin: () => setRefusing(stage.bootstrapServers, letters, true),
    end: () => setRefusing(stage.bootstrapServers, letters, false),
  }
}

/**
 * A refusal that can be switched on and off on one broker of a real Kafka: of records with a time so long ago. Resolves when
 * the broker does as it is told. (`min.insync.replicas` above the replication factor refuses nothing in Kafka 4: it counts as
 * the replication factor.)
 */
export async function setRefusing(bootstrapServers: string, topic: string, isRefusing: boolean): Promise<void> {
  const kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  const producer = kafka.producer({ retry: { retries: 0 } })
  await Promise.all([admin.connect(), producer.connect()])
  const value = isRefusing ? '60000' : '9223372036854775807'
  const configEntries = [{ name: 'message.timestamp.before.max.ms', value }]
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }]
  await admin.alterConfigs({ validateOnly: false, resources })
  /** It tells when the broker knows, and is no dead letter. */
  const takesOld = () =>
    producer.send({ topic, messages: [{ value: 'probe', timestamp: String(OLD) }] }).then(
      () => true,
      () => false,
    )
  await eventually(async () => (await takesOld()) !== isRefusing)
  await Promise.all([admin.disconnect(), producer.disconnect()])
}

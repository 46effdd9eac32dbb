// @ts-check
import { setTimeout as delay } from 'node:timers/promises'
import { loadKafkajs } from './kit.mjs'

const LOOK_MS = 20
/** To read a topic to its end. */
const READ_MS = 30_000

const { Kafka, logLevel } = loadKafkajs()

/** @param {string} bootstrapServers */
export function kafkaClient(bootstrapServers) {
  return new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING })
}

/**
 * @param {string} bootstrapServers
 * @param {string} topic
 * @param {number} numPartitions
 */
export async function createTopic(bootstrapServers, topic, numPartitions) {
  await withAdmin(bootstrapServers, async (admin) => {
    // kafkajs' own wait for leaders fails where a broker has not heard of the topic yet.
    await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false })
    await allLed(admin, topic, numPartitions)
  })
}

/**
 * @param {string} bootstrapServers
 * @param {string} topic
 */
export async function deleteTopic(bootstrapServers, topic) {
  await withAdmin(bootstrapServers, (admin) => admin.deleteTopics({ topics: [topic] }))
}

/**
 * @param {string} bootstrapServers
 * @param {string} topic
 * @param {number} count how many it has from now on
 */
export async function addPartitions(bootstrapServers, topic, count) {
  await withAdmin(bootstrapServers, async (admin) => {
    await admin.createPartitions({ topicPartitions: [{ topic, count }] })
    await allLed(admin, topic, count)
  })
}

/**
 * Each partition has a leader that knows of it: to one that does not, a producer would send some records twice.
 * @param {any} admin
 * @param {string} topic
 * @param {number} count
 */
export async function allLed(admin, topic, count) {
  const ends = () => admin.fetchTopicOffsets(topic).catch(() => [])
  while ((await ends()).length < count) await delay(LOOK_MS)
}

/**
 * @param {string} bootstrapServers
 * @param {string} topic
 * @param {string} name
 * @returns {Promise<string[]>} that header of each record that is there by now, of those that stand there twice too
 */
export async function headersIn(bootstrapServers, topic, name) {
  const client = kafkaClient(bootstrapServers)
  // One of the brokers may have been dead a moment ago.
  const admin = client.admin({ retry: { retries: 20 } })
  await admin.connect()
  /** @type {{ high: string }[]} */
  const ends = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const count = ends.reduce((sum, { high }) => sum + Number(high), 0)
  const consumer = client.consumer({ groupId: `read-${topic}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  /** @type {string[]} */
  const found = []
  await consumer.run({
    eachMessage: async (/** @type {any} */ { message: { headers } }) => {
      found.push(String(headers[name]))
    },
  })
  for (const until = performance.now() + READ_MS; performance.now() < until && found.length < count; ) {
    await delay(LOOK_MS)
  }
  await consumer.disconnect()
  return found
}

/**
 * @param {string} bootstrapServers
 * @param {(admin: any) => Promise<unknown>} use an admin client of kafkajs
 */
async function withAdmin(bootstrapServers, use) {
  const admin = kafkaClient(bootstrapServers).admin()
  await admin.connect()
  try {
    await use(admin)
  } finally {
    await admin.disconnect()
  }
}

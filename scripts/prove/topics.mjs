// @ts-check
import { setTimeout as delay } from 'node:timers/promises'
import { loadKafkajs } from './kit.mjs'

const LOOK_MS = 20

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
async function allLed(admin, topic, count) {
  const ends = () => admin.fetchTopicOffsets(topic).catch(() => [])
  while ((await ends()).length < count) await delay(LOOK_MS)
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

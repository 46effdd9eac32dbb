// @ts-check
import { createRequire } from 'node:module'

// kafkajs belongs to the test kit, which shares nothing with the client under test.
const { Kafka, logLevel } = createRequire(new URL('../../packages/testing/package.json', import.meta.url))('kafkajs')

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
  await withAdmin(bootstrapServers, (admin) => admin.createTopics({ topics: [{ topic, numPartitions }] }))
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
 * @param {(admin: import('kafkajs').Admin) => Promise<unknown>} use
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

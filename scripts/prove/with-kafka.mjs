// @ts-check
import { startKafka } from '../../compose/kafka.mjs'
import { say } from './verdict.mjs'

/**
 * @template T
 * @param {(bootstrapServers: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withKafka(use) {
  const given = process.env.KAFKA_BOOTSTRAP
  if (given) return use(given)
  say('Starting Kafka')
  const kafka = await startKafka({ onFetch: () => say('Fetching Kafka from Maven Central (once, about 45 MB)') })
  try {
    return await use(kafka.bootstrapServers)
  } finally {
    await kafka.stop()
  }
}

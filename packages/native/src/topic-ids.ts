import type { KafkaConsumer } from 'node-rdkafka'
import { addon } from './binding.js'
import { clientOf } from './consumer.js'
import { KafkaError } from './errors.js'
import { guardOf } from './guard.js'

/**
 * Asks the brokers for the ids of topics, on a thread of its own. A topic keeps its id for as long as it lives; another
 * one of the same name has another.
 * @returns them by name, without topics that are not there or may not be seen
 * @throws KafkaError (rejects) as `commit`.
 */
export async function topicIds(
  consumer: KafkaConsumer,
  topics: readonly string[],
  timeoutMs: number,
): Promise<Map<string, string>> {
  if (topics.length === 0) return new Map()
  const asked = topics.map((topic) => ({ topic, partition: 0 }))
  const { code, answers } = await guardOf(clientOf(consumer)).call<{
    code: number
    answers: { topic: string; metadata: string | null }[]
  }>((client, resolve) => addon.topicIds(client, asked, timeoutMs, (code, answers) => resolve({ code, answers })))
  if (code !== 0) throw new KafkaError(code, `topicIds: ${addon.errorText(code)}`)
  return new Map(answers.flatMap(({ topic, metadata }) => (metadata === null ? [] : [[topic, metadata]])))
}

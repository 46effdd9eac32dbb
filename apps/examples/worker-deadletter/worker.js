/**
 * Every order fails here, and ends in the dead letter topic, with its cause in the headers.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders node worker.js
 */
import { createClient } from '@zk/runtime'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders', GROUP = 'deadletter' } = process.env

const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const work = client.workFactory().create({
  topic: TOPIC,
  groupId: GROUP,
  processor: new URL('./processor.js', import.meta.url),
  // Written before the record's offset completes: what fails is here or there, and never nowhere.
  deadLetterTopic: `${TOPIC}.dead`,
  onDone: ({ partition, offset }, { status }) => console.log(`${TOPIC} ${partition} ${offset}: ${status}`),
})

const shutdown = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => shutdown.abort())
const { processed, deadLettered } = await work.run({ shutdown: shutdown.signal })
console.log(`${processed} processed, ${deadLettered} of them are dead letters`)
await client.close()

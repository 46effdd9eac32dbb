/**
 * Writes and reads what it can, closes its client when a line comes on stdin, and prints what became of it. BROKERS, TOPIC; HAD_BROKERS
 * when they are there at first, and are taken away before the line comes.
 */
import { once } from 'node:events'
import { createClient } from '@zk/runtime'

const { BROKERS, TOPIC, HAD_BROKERS } = process.env
const silent = Object.fromEntries(
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, () => {}]),
)
const client = createClient({ bootstrapServers: [BROKERS], logger: silent })
const writer = client.writer({ topic: TOPIC })
const reader = client.reader({ topic: TOPIC, groupId: 'g', autoCommitIntervalMs: 60_000 })

if (HAD_BROKERS) {
  await writer.write('first')
  const message = await reader.read()
  message.done()
} else reader.read().catch(() => {})
console.log('ready')
await once(process.stdin, 'data')
process.stdin.destroy()

const undelivered = writer.write('last').then(
  () => 'written',
  (error) => error.code,
)
// Until librdkafka has noticed.
await new Promise((resolve) => setTimeout(resolve, 300))
const before = performance.now()
await client.close()
console.log(JSON.stringify({ closedMs: performance.now() - before, write: await undelivered }))

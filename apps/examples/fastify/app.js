/**
 * A web application that owns a work: both start together, health is that of both, and the end of one is the end of both.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders PORT=3000 node app.js
 */
import { createClient, ZkError } from '@zk/runtime'
import Fastify from 'fastify'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders', GROUP = 'fastify', PORT = '3000' } = process.env

const app = Fastify({ logger: true })
const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const work = client.workFactory({ logger: app.log }).create({
  topic: TOPIC,
  groupId: GROUP,
  processor: new URL('./processor.js', import.meta.url),
  speedup: 2,
})

app.get('/livez', (_, reply) => answer(reply, work.health().live))
app.get('/readyz', (_, reply) => answer(reply, work.health().ready))
app.get('/metrics', async (_, reply) => reply.type('text/plain').send(await work.metrics()))

/** @param {import('fastify').FastifyReply} reply @param {import('@zk/runtime').Verdict} verdict */
const answer = (reply, verdict) => reply.code(verdict.ok ? 200 : 503).send(verdict)

const shutdown = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => shutdown.abort())

await app.listen({ port: Number(PORT), host: '127.0.0.1' })
try {
  const { reason, processed, committed } = await work.run({ shutdown: shutdown.signal })
  app.log.info({ reason, processed, committed }, 'The work has ended')
} catch (error) {
  // Without its work the application is none: whoever started it shall start it again.
  app.log.fatal(error)
  process.exitCode = ZkError.is(error) ? error.exitCode : 1
} finally {
  // The server last: probes are answered while the last records are finished and committed.
  await client.close()
  await app.close()
}

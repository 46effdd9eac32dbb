/** A work and a writer without and with `tracer`; says what each met, and how often @opentelemetry/api was looked for. */
import { createClient } from '@zk/runtime'

const client = createClient({ bootstrapServers: ['localhost:1'] })
const made = (tracer) => {
  const work = { topic: 't', groupId: 'g', processor: './p.js', speedup: 1, ...tracer }
  return [
    () => client.workFactory().create(work),
    () => client.writer({ topic: 't', clientId: JSON.stringify(tracer), ...tracer }),
  ].map((make) => {
    try {
      make()
      return 'made'
    } catch (error) {
      return error.code
    }
  })
}
const without = { met: made({}), looked: globalThis.lookedForOtel }
const withTracer = { met: made({ tracer: true }), looked: globalThis.lookedForOtel }
console.log(JSON.stringify({ without, withTracer }))

/** As the recorder, with values of JSON: writes what `n` was. */
import { openSync, writeSync } from 'node:fs'
import { json } from '@zk/runtime/processor'

export default {
  format: json(),
  setup: ({ options }) => openSync(options.journal, 'a'),
  process({ topic, partition, offset, key, value }, ctx) {
    const id = `${offset}.${ctx.attempt}`
    const line = { type: 'start', id, thread: 0, topic, partition, offset, key: key?.toString() ?? null }
    writeSync(ctx.state, `${JSON.stringify({ ...line, value: `${value?.n}`, attempt: ctx.attempt, at: 0 })}\n`)
    writeSync(ctx.state, `${JSON.stringify({ type: 'end', id, ok: true, at: 0 })}\n`)
  },
}

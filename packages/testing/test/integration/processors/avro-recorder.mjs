/** As the recorder, with Avro of the registry that ZK_TEST_REGISTRY names: writes what `id` was. One thread may die once, while it runs nothing. */
import { existsSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { avroRegistry } from '@zk/formats/avro'

const registry = { url: process.env.ZK_TEST_REGISTRY, retries: 0, timeoutMs: 1_000 }
const format = avroRegistry({ registry, useLatest: true })

export default {
  format,
  setup({ index, options: { journal, to, diesOnce } }) {
    if (diesOnce !== undefined && index === 0 && !existsSync(diesOnce)) {
      setTimeout(() => {
        writeFileSync(diesOnce, '')
        process.exit(1)
      }, 1_000)
    }
    return { file: openSync(journal, 'a'), to }
  },
  async process({ topic, partition, offset, key, value }, ctx) {
    const { file, to } = ctx.state
    const id = `${partition}.${offset}.${ctx.attempt}`
    const thread = ctx.virtualPartition
    const line = { type: 'start', id, thread, topic, partition, offset, key: key?.toString() ?? null }
    writeSync(file, `${JSON.stringify({ ...line, value: value.id, attempt: ctx.attempt, at: 0 })}\n`)
    if (to !== undefined) await ctx.send(to, { key, value: { id: `${value.id}!` } }, { format })
    writeSync(file, `${JSON.stringify({ type: 'end', id, ok: true, at: 0 })}\n`)
  },
}

/** Writes each delivery to the journal, and as its value how long after its timestamp it started, in milliseconds. */
import { openSync, writeSync } from 'node:fs'

let deliveries = 0

export default {
  setup: ({ index, options }) => ({ fd: openSync(options.journal, 'a'), thread: index }),
  process({ topic, partition, offset, key, timestamp }, ctx) {
    const { fd, thread } = ctx.state
    const write = (line) => writeSync(fd, `${JSON.stringify(line)}\n`)
    const id = `${thread}.${++deliveries}`
    const value = String(Date.now() - timestamp)
    const at = Number(process.hrtime.bigint()) / 1e6
    write({ type: 'start', id, thread, topic, partition, offset, key: key.toString(), value, attempt: ctx.attempt, at })
    write({ type: 'end', id, ok: true, at })
  },
}

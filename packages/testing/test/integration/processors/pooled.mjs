/**
 * Waits for a service that serves `places` handlers of a thread at once, each for `ms`, and writes each delivery to the journal
 * as the recorder does: from its start, and so with its time in line.
 *
 * options: { journal, places, ms }
 */
import { openSync, writeSync } from 'node:fs'
import { threadId } from 'node:worker_threads'

const inLine = []
let [fd, free, thread, deliveries] = [-1, 0, -1, 0]

const now = () => Number(process.hrtime.bigint()) / 1e6
const write = (line) => writeSync(fd, `${JSON.stringify(line)}\n`)

export default {
  setup({ index, options }) {
    fd = openSync(options.journal, 'a')
    free = options.places
    thread = index
    return options
  },

  async process({ topic, partition, offset, key, rawValue }, { attempt, state }) {
    const id = `${process.pid}.${threadId}.${++deliveries}`
    const where = { id, thread, topic, partition, offset, key: key?.toString() ?? null, value: rawValue.toString() }
    write({ type: 'start', ...where, attempt, at: now() })
    if (free > 0) free--
    else await new Promise((resolve) => inLine.push(resolve))
    await new Promise((resolve) => setTimeout(resolve, state.ms))
    const next = inLine.shift()
    if (next === undefined) free++
    else next()
    write({ type: 'end', id, ok: true, at: now() })
  },
}

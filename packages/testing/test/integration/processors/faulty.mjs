/**
 * Does what the value of a record says, at each attempt, and writes each delivery to the journal, with a line every few ms for
 * as long as it spins or hangs. `gated` fails, once the gate of its options is open.
 */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import { BEAT_MS, beat, beatWhileComputing, passed } from './recorder.mjs'

let fd = -1
let thread = -1
let deliveries = 0

const now = () => Number(process.hrtime.bigint()) / 1e6
const write = (line) => writeSync(fd, `${JSON.stringify(line)}\n`)

export default {
  setup({ index, options }) {
    fd = openSync(options.journal, 'a')
    thread = index
    return options
  },

  async process(message, ctx) {
    const { topic, partition, offset } = message
    const id = `${process.pid}.${threadId}.${++deliveries}`
    const value = message.rawValue.toString()
    const where = { id, thread, topic, partition, offset, key: message.key.toString(), value }
    write({ type: 'start', ...where, attempt: ctx.attempt, at: now() })
    if (value === 'gated') await passed(ctx.state.gate)
    const fails = value.startsWith('always') || value === 'gated' || (value === 'once' && ctx.attempt === 1)
    if (!fails) await faults[value]?.(id)
    if (ctx.state.ms > 0) await delay(ctx.state.ms)
    write({ type: 'end', id, ok: !fails, at: now() })
    if (fails) throw new Error(`the value says ${value}`)
  },
}

const faults = {
  spin(id) {
    for (;;) beatWhileComputing(id, fd)
  },
  hang: (id) => new Promise(() => setInterval(() => beat(id, fd), BEAT_MS)),
  heap() {
    for (const hoard = []; ; ) hoard.push(Array.from({ length: 1_000 }, (_, i) => ({ i })))
  },
  exit: () => process.exit(9),
  async 'throw-outside'() {
    setImmediate(() => {
      throw new Error('thrown outside the handler')
    })
    await new Promise(() => {})
  },
}

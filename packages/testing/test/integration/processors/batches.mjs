/**
 * A handler of batches: logs each message to the ledger and each call to the journal that its options name, and does what
 * they say for a record's key. It works through a batch in order, and leaves those behind a failed one of their key alone.
 *
 * options: { ledger?, journal, ms?, failsOnce?: { [key]: seq }, throwsOnce?: key, exitsOnce?: key, rules?: { [key]: Rule } }.
 * A Rule: 'exit' | 'spin' | 'hang-deaf' | 'throw', each time that the batch has a record of the key.
 */
import { randomUUID } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { ledgerNow, openLedger } from '../../../dist/ledger/writer.js'

const run = randomUUID().slice(0, 8)
let deliveries = 0
let thread = -1
let ledger
let journal = -1

export default {
  setup({ index, options }) {
    thread = index
    if (options.ledger !== undefined) ledger = openLedger(options.ledger)
    journal = openSync(options.journal, 'a')
    return options
  },

  async processBatch(messages, ctx) {
    const options = ctx.state
    const keys = messages.map(({ key }) => (key === null ? null : key.toString()))
    const offsets = messages.map(({ partition, offset }) => `${partition}@${offset}`)
    writeSync(journal, `${JSON.stringify({ thread, keys, offsets })}\n`)
    for (const [key, rule] of Object.entries(options.rules ?? {})) if (keys.includes(key)) await carryOut(rule)
    const { exitsOnce, throwsOnce } = options
    if (messages.length > 1 && keys.includes(throwsOnce) && isFirst(`${options.journal}.throw`)) {
      throw new Error('the whole statement')
    }
    if (messages.length > 1 && keys.includes(exitsOnce) && isFirst(`${options.journal}.exit`)) process.exit(9)
    if (options.ms > 0) await delay(options.ms)
    const failedKeys = new Set()
    for (const [i, message] of messages.entries()) {
      const key = keys[i]
      if (key !== null && failedKeys.has(`${message.partition}/${key}`)) continue
      const { attempt } = ctx.of(message)
      const end = begin(message, attempt)
      const { seq } = JSON.parse(message.value.toString())
      if (seq !== undefined && options.failsOnce?.[key] === seq && attempt === 1) {
        end(false)
        ctx.fail(message, new Error('not yet'))
        failedKeys.add(`${message.partition}/${key}`)
      } else end(true)
    }
  },
}

async function carryOut(rule) {
  if (rule === 'exit') process.exit(9)
  if (rule === 'throw') throw new Error('the rule says throw')
  if (rule === 'hang-deaf') await new Promise(() => {})
  if (rule === 'spin') for (;;);
}

function begin({ topic, partition, offset, value }, attempt) {
  if (ledger === undefined) return () => {}
  const id = `${process.pid}.${run}.${++deliveries}`
  const { key, seq } = JSON.parse(value.toString())
  const where = { attempt, thread, pid: process.pid, at: ledgerNow() }
  ledger.append({ type: 'start', id, key, seq, topic, partition, offset, ...where })
  return (ok) => ledger.append({ type: 'end', id, ok, at: ledgerNow() })
}

/** Whether nobody has asked for this file before, in any thread. */
function isFirst(file) {
  try {
    openSync(file, 'wx')
    return true
  } catch {
    return false
  }
}

/**
 * Logs every delivery of a workload's record to the ledger that LEDGER names: `start` first thing, `end` last thing,
 * each written before the next step, so that they outlive the thread and the process.
 *
 * Work to do in between: LEDGER_CPU passes of FNV-1a over the value, synchronously, or LEDGER_MS milliseconds of
 * waiting. With neither it returns at once, without a promise.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import { fnv1a } from '@zk/runtime/internal/fnv1a'
import { ledgerNow, openLedger } from '../dist/ledger/writer.js'

const { LEDGER, LEDGER_CPU = '0', LEDGER_MS = '0' } = process.env
if (!LEDGER) throw new Error('LEDGER must name the ledger file')
const passes = Number(LEDGER_CPU)
const waitMs = Number(LEDGER_MS)
const ledger = openLedger(LEDGER)
/** Tells its deliveries from those of a later process with the same pid. */
const run = randomUUID().slice(0, 8)
let deliveries = 0
/** The index of this thread's place, which its successor has too. */
let thread = 0
/** Keeps the hashing from being optimised away. */
const sink = { checksum: 0 }

export default {
  /** @param {{ index: number }} info */
  setup({ index }) {
    thread = index
  },

  /**
   * @param {{ topic: string, partition: number, offset: number, rawValue: Buffer }} message
   * @param {{ attempt: number, signal: AbortSignal }} ctx
   */
  process(message, ctx) {
    const id = start(message, ctx.attempt)
    if (waitMs > 0) return wait(id, ctx.signal)
    sink.checksum ^= fnv1a(message.rawValue, passes)
    end(id, true)
    return undefined
  },
}

/** @param {string} id @param {AbortSignal} signal */
async function wait(id, signal) {
  try {
    await delay(waitMs, undefined, { signal })
  } catch (error) {
    end(id, false)
    throw error
  }
  end(id, true)
}

/** @param {{ topic: string, partition: number, offset: number, rawValue: Buffer }} message @param {number} attempt */
function start({ topic, partition, offset, rawValue }, attempt) {
  const id = `${process.pid}.${threadId}.${run}.${++deliveries}`
  const { key, seq } = JSON.parse(rawValue.toString())
  const where = { attempt, thread, pid: process.pid, at: ledgerNow() }
  ledger.append({ type: 'start', id, key, seq, topic, partition, offset, ...where })
  return id
}

/** @param {string} id @param {boolean} ok */
function end(id, ok) {
  ledger.append({ type: 'end', id, ok, at: ledgerNow() })
}

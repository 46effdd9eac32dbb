/**
 * What the offset tracker costs a record: open and finish, in random order with 10,000 in flight; beside a
 * sorted array and a Map, by turns.
 */
import { OffsetTracker } from '@zk/engine'
import { byTurns } from './by-turns.js'
import { NaiveTracker } from './naive-tracker.js'
import { type Result, summarize } from './report.js'
import type { SuiteOptions } from './suites.js'

const IN_FLIGHT = 10_000

export async function tracker({ runs, messages = 5_000_000, progress }: SuiteOptions): Promise<Result[]> {
  const order = randomOrder(IN_FLIGHT)
  const sides = {
    own: async () => own(messages, order),
    naive: async () => naive(messages, order),
  }
  await sides.own()
  await sides.naive()
  const timed = await byTurns(runs, sides, progress)
  return [
    summarize({
      suite: 'tracker',
      case: 'open + finish, random, 10,000 in flight',
      unit: 'ns',
      values: timed.own,
      baselines: timed.naive,
    }),
  ]
}

/** A window of open records; each step finishes a random one of them and opens the next. */
function own(messages: number, order: Int32Array): number {
  const under = new OffsetTracker()
  const open = new Int32Array(IN_FLIGHT)
  for (let i = 0; i < IN_FLIGHT; i++) open[i] = under.open(i)
  const started = process.hrtime.bigint()
  for (let i = 0, at = 0; i < messages; i++) {
    const place = order[at]!
    under.finish(open[place]!)
    open[place] = under.open(IN_FLIGHT + i)
    at = at + 1 === IN_FLIGHT ? 0 : at + 1
  }
  return Number(process.hrtime.bigint() - started) / messages
}

/** The same steps. */
function naive(messages: number, order: Int32Array): number {
  const under = new NaiveTracker()
  const open = Float64Array.from({ length: IN_FLIGHT }, (_, i) => i)
  for (const offset of open) under.open(offset)
  const started = process.hrtime.bigint()
  for (let i = 0, at = 0; i < messages; i++) {
    const place = order[at]!
    under.finish(open[place]!)
    open[place] = IN_FLIGHT + i
    under.open(IN_FLIGHT + i)
    at = at + 1 === IN_FLIGHT ? 0 : at + 1
  }
  return Number(process.hrtime.bigint() - started) / messages
}

function randomOrder(n: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const other = order[j]!
    order[j] = order[i]!
    order[i] = other
  }
  return order
}

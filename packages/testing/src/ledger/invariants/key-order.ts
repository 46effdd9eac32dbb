import { commitsSoFar, violentEnd } from '../ends-of-work.js'
import type { Chain, Delivery, IndexedLedger, PartitionLog } from '../indexed-ledger.js'
import type { Judge, JudgeOptions } from '../invariant.js'
import { lineAt, nameDelivery, nameLine, nameRecord } from '../sentences.js'
import { chainOf } from './chain-of.js'

/**
 * I2: within a chain, first successes ascend, and so do starts, except that a new owner may begin again after the old
 * one died or lost the partition; then never below the acknowledged commit. First starts ascend without exception:
 * no death makes a record begin for the first time after a later one has begun.
 *
 * Starts are judged beside successes because a retry of a record that is dead-lettered in the end has no success, and
 * may still not run after its successor.
 */
export const keyOrder: Judge = (ledger, options) => {
  const contradictions = [backwardSuccess(ledger, options), backwardStart(ledger, options)].filter(
    (c) => c !== undefined,
  )
  contradictions.sort((a, b) => a.number - b.number)
  const evidence = ledger.deliveries.length
  return contradictions.length > 0 ? { evidence, contradiction: contradictions[0].sentence } : { evidence }
}

interface Contradiction {
  number: number
  sentence: string
}

function backwardSuccess(ledger: IndexedLedger, options: JudgeOptions): Contradiction | undefined {
  const firsts = ledger.deliveries.filter((d) => d.end?.ok && d.record.succeededAt === d.endedAt)
  firsts.sort((a, b) => a.endedAt! - b.endedAt!)
  const highest = new Map<Chain, Delivery>()
  for (const delivery of firsts) {
    const { record } = delivery
    const chain = chainOf(record, options)
    if (!chain) continue
    const before = highest.get(chain)
    // A record that was given up was finished before; that a replay succeeds is luck, and no success out of order.
    if (before && before.record.offset > record.offset && !record.outcome) {
      const [first, second] = [nameRecord(before.record), nameRecord(record)]
      const times = `${lineAt(before.endedAt!, before.end!.at)} and ${lineAt(delivery.endedAt!, delivery.end!.at)}`
      const pids = `pid ${before.start.pid} and pid ${delivery.start.pid}`
      return {
        number: delivery.endedAt!,
        sentence: `${first} succeeded before ${second}, which comes first (${times}; ${pids})`,
      }
    }
    if (!before || before.record.offset < record.offset) highest.set(chain, delivery)
  }
  return undefined
}

function backwardStart(ledger: IndexedLedger, options: JudgeOptions): Contradiction | undefined {
  const last = new Map<Chain, Delivery>()
  const highest = new Map<Chain, Delivery>()
  const committedAt = new Map<PartitionLog, ReturnType<typeof commitsSoFar>>()
  for (const { run } of ledger.deliveries) {
    if (!committedAt.has(run.partition)) committedAt.set(run.partition, commitsSoFar(run.partition.commits))
  }
  for (const delivery of ledger.deliveries) {
    const chain = chainOf(delivery.record, options)
    if (!chain) continue
    const top = highest.get(chain)
    const why = whyNotNow(delivery, last.get(chain)) ?? whyNotFirst(delivery, top)
    if (why)
      return {
        number: delivery.startedAt,
        sentence: `${nameRecord(delivery.record)}: ${nameDelivery(delivery)} ${why}`,
      }
    last.set(chain, delivery)
    if (!top || top.record.offset < delivery.record.offset) highest.set(chain, delivery)
  }
  return undefined

  function whyNotNow(delivery: Delivery, before: Delivery | undefined): string | undefined {
    const { offset } = delivery.record
    const commit = committedAt.get(delivery.run.partition)!(delivery.startedAt)
    if (commit && commit.line.offset > offset) {
      return `began below the commit of ${commit.line.offset} by pid ${commit.line.pid}, ${nameLine(commit)}`
    }
    if (!before || before.record.offset <= offset) return undefined
    const what = `began after ${nameDelivery(before)} of the later ${nameRecord(before.record)}`
    if (before.run === delivery.run) return `${what} under the same assignment`
    const cut = before.run.cuts.some((c) => c.number < delivery.startedAt)
    if (cut || violentEnd(before.run, delivery.startedAt)) return undefined
    return `${what}, though pid ${before.start.pid} neither died nor lost the partition`
  }
}

function whyNotFirst({ record, startedAt }: Delivery, later: Delivery | undefined): string | undefined {
  const isFirst = record.deliveries[0]!.startedAt === startedAt
  if (!isFirst || !later || later.record.offset < record.offset) return undefined
  // Given up before any handler saw it: that a replay runs it is luck.
  if (record.outcome && record.outcome.number < later.startedAt) return undefined
  return `began for the first time after ${nameDelivery(later)} of the later ${nameRecord(later.record)}`
}

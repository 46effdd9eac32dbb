import { commitsSoFar, violentEnd } from '../ends-of-work.js'
import { byOffset, leftOut, lists, spared } from '../finished-above.js'
import type { Delivery, IndexedLedger, LedgerRecord, Placed, PlacedCommit } from '../indexed-ledger.js'
import type { Finding, JudgeOptions } from '../invariant.js'
import type { ThreadGoneLine } from '../lines.js'
import { howItEnded, nameDelivery, nameLine, nameRecord } from '../sentences.js'

export interface DuplicateCounts {
  /** How often a record was begun again after a successful delivery. */
  duplicates: number
  /** Of these, what had finished uncommitted when its process died or lost the partition. */
  explainedByDeaths: number
  /** Of these, what a drain or shutdown deadline left uncommitted. */
  explainedByDeadlines: number
  /** Of these, what had ended unmarked when its thread died. */
  explainedByThreads: number
  /** Records that did not run again after a death or a loss, because the last commit listed them as finished. */
  spared: number
}

interface Repeat {
  /** The successful delivery after which none should have come. */
  done: Delivery
  again: Delivery
}

/**
 * I4: each delivery after a success must be explained by what became of the successful one: its process died or lost
 * the partition before a commit covered it or listed it as finished, a deadline cut its partition below it, or its thread died
 * at that moment. Each of them before the repeat: what comes later explains nothing. So a death explains each record once, and
 * only records of the dead; and of these only what had finished since the commit before the last one, see `leftOut`.
 */
export function duplicates(ledger: IndexedLedger, options: JudgeOptions): Finding & { counts: DuplicateCounts } {
  const counts: DuplicateCounts = {
    duplicates: 0,
    explainedByDeaths: 0,
    explainedByDeadlines: 0,
    explainedByThreads: 0,
    spared: 0,
  }
  const unmarked = new Map<Placed<ThreadGoneLine>, number>()
  let contradiction: string | undefined
  for (const partition of ledger.partitions) {
    const repeats = [...repeatsOf(partition.records.values())].sort((a, b) => a.again.startedAt - b.again.startedAt)
    const committed = commitsSoFar(partition.commits)
    if (partition.commits.some(({ line }) => line.finished?.length)) {
      counts.spared += spared(partition, byOffset(partition))
    }
    for (const repeat of repeats) {
      counts.duplicates++
      const why = explain(repeat, committed(repeat.again.startedAt))
      if (why) contradiction ??= sentence(repeat, why)
    }
  }
  const evidence = ledger.deliveries.length
  return contradiction === undefined ? { evidence, counts } : { evidence, counts, contradiction }

  /** Counts the repeat under its explanation, or says why there is none. */
  function explain({ done, again }: Repeat, commit: PlacedCommit | undefined): string | undefined {
    if (commit && commit.line.offset > done.record.offset) {
      return `${nameCommit(commit)}, covers it`
    }
    const { offset } = done.record
    if (commit && lists(commit, offset)) return `${nameCommit(commit)}, lists it as finished`
    if (done.run === again.run) return explainByThread(done, again)
    const late = commit && leftOut(commit, done, options.ackMs)
    if (late) {
      return `${nameCommit(commit)}, leaves it out, though it had ended long before the one before it, ${nameLine(late.before)}`
    }
    if (done.run.cuts.some((cut) => cut.line.offset <= offset && cut.number < again.startedAt)) {
      counts.explainedByDeadlines++
      return undefined
    }
    if (!violentEnd(done.run, again.startedAt))
      return `pid ${done.start.pid} neither died nor lost the partition nor was cut below it`
    counts.explainedByDeaths++
    return undefined
  }

  function explainByThread(done: Delivery, again: Delivery): string | undefined {
    const { pid, thread } = done.start
    const gone = done.run.process.threadsGone.find(
      (t) => t.line.thread === thread && t.number > done.endedAt! && t.number < again.startedAt,
    )
    if (!gone) return `under the same assignment, and thread ${thread} of pid ${pid} did not die in between`
    const explained = (unmarked.get(gone) ?? 0) + 1
    if (explained > options.concurrency) {
      return `and thread ${thread} of pid ${pid} (${nameLine(gone)}) can have left no more than ${options.concurrency} unmarked`
    }
    unmarked.set(gone, explained)
    counts.explainedByThreads++
    return undefined
  }
}

const nameCommit = (commit: PlacedCommit): string =>
  `the commit of ${commit.line.offset} by pid ${commit.line.pid}, ${nameLine(commit)}`

function* repeatsOf(records: Iterable<LedgerRecord>): Generator<Repeat> {
  for (const { deliveries } of records) {
    let done: Delivery | undefined
    for (const again of deliveries) {
      if (done) yield { done, again }
      // Retries of a repeat go on with it; only after its own success would the next one repeat anew.
      done = again.end?.ok ? again : undefined
    }
  }
}

function sentence({ done, again }: Repeat, why: string): string {
  return `${nameRecord(done.record)} ran again in ${nameDelivery(again)} after ${nameDelivery(done)} ${howItEnded(done)}: ${why}`
}

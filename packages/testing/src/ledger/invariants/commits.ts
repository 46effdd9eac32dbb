import { byOffset, listed } from '../finished-above.js'
import type { IndexedLedger, LedgerRecord, PartitionLog, PlacedCommit, Run } from '../indexed-ledger.js'
import type { Judge } from '../invariant.js'
import { isUntold } from '../runs.js'
import { howItEnded, lineAt, nameDelivery, nameLine, nameRecord } from '../sentences.js'

/**
 * I5: within one ownership of a partition the commits ascend, from where the partition stood when the ownership began;
 * a process commits only under its present ownership, which the ledger has told of; and whatever a commit covers, or lists as
 * finished, was finished before it; what it covers also before the next owner was assigned the partition.
 *
 * Commits of different owners are not compared by their place in the file: the old owner's acknowledgement may be
 * logged after the new owner's first one.
 */
export const commits: Judge = (ledger) => {
  let evidence = 0
  for (const partition of ledger.partitions) {
    evidence += partition.commits.length
    const contradiction =
      backward(partition) ?? foreign(partition) ?? outdated(partition, ledger) ?? unfinished(partition, ledger)
    if (contradiction) return { evidence, contradiction }
  }
  return { evidence }
}

const nameCommit = ({ line, number }: PlacedCommit): string =>
  `commit of ${line.topic}-${line.partition}@${line.offset} by pid ${line.pid}${line.epoch === undefined ? '' : ` in epoch ${line.epoch}`} (${lineAt(number, line.at)})`

function backward({ commits, runs }: PartitionLog): string | undefined {
  const floors = new Map<Run, PlacedCommit | undefined>()
  const byBegin = [...runs].sort((a, b) => a.from - b.from)
  let next = 0
  let highest: PlacedCommit | undefined
  for (const commit of commits) {
    // What stood when a run began is the run's floor. Its own first line may be this commit, hence <=.
    for (; next < byBegin.length && byBegin[next].from <= commit.number; next++) floors.set(byBegin[next], highest)
    const floor = floors.get(commit.run)
    if (floor && floor.line.offset > commit.line.offset)
      return `${nameCommit(commit)} goes back behind the ${nameCommit(floor)}`
    floors.set(commit.run, commit)
    if (!highest || commit.line.offset > highest.line.offset) highest = commit
  }
  return undefined
}

function foreign({ commits, runs }: PartitionLog): string | undefined {
  for (const commit of commits) {
    const { run, number } = commit
    if (run.until !== undefined && run.until < number) {
      const how = run.lost?.number === run.until ? nameLine(run.lost) : `revoked (line ${run.until})`
      return `${nameCommit(commit)} came after the partition was given up: ${how}`
    }
    const later = runs.find((r) => r.process === run.process && r.from > run.from && r.from < number)
    if (later)
      return `${nameCommit(commit)} is of an old epoch: pid ${commit.line.pid} has epoch ${later.epoch} since line ${later.from}`
    if (isUntold(run)) return `${nameCommit(commit)} came from a process that was never assigned the partition`
  }
  return undefined
}

/** The acknowledgement may be logged late; but what it covers had finished while no other was assigned the partition. */
function outdated({ records, commits, runs }: PartitionLog, ledger: IndexedLedger): string | undefined {
  for (const commit of commits) {
    const next = nextOwner(commit, runs)
    if (!next) continue
    const covered = [...records.values()].filter((r) => r.offset < commit.line.offset)
    const record = covered.find((r) => !finishedBefore(r, next.from))
    if (record)
      return `${nameCommit(commit)} covers ${nameRecord(record)}, ${state(record, ledger)}, and pid ${next.process.pid} owned the partition since line ${next.from}`
  }
  return undefined
}

/** Who is frozen over an assignment tells of it when it belongs to another again, but then finds it lost. */
function nextOwner({ run, number }: PlacedCommit, runs: readonly Run[]): Run | undefined {
  const { assignedAt: since, process } = run
  if (since === undefined) return undefined
  return runs.find((r) => r.process !== process && r.assignedAt! > since && r.assignedAt! < number && !r.lost)
}

function unfinished(partition: PartitionLog, ledger: IndexedLedger): string | undefined {
  const inOrder = byOffset(partition)
  let next = 0
  for (const commit of partition.commits) {
    for (; next < inOrder.length && inOrder[next].offset < commit.line.offset; next++) {
      const record = inOrder[next]
      if (!finishedBefore(record, commit.number))
        return `${nameCommit(commit)} covers ${nameRecord(record)}, ${state(record, ledger)}`
    }
    for (const record of listed(commit, inOrder)) {
      if (!finishedBefore(record, commit.number))
        return `${nameCommit(commit)} lists as finished ${nameRecord(record)}, ${state(record, ledger)}`
    }
  }
  return undefined
}

/** Dead and failed lines count wherever they stand: they may have been read back after the run. */
function finishedBefore(record: LedgerRecord, number: number): boolean {
  return record.outcome !== undefined || (record.succeededAt !== undefined && record.succeededAt < number)
}

function state({ deliveries }: LedgerRecord, ledger: IndexedLedger): string {
  const last = deliveries.at(-1)
  if (!last) return ledger.produced > 0 ? 'which was produced and never delivered' : 'which was never delivered'
  return `whose ${nameDelivery(last)} ${howItEnded(last)}`
}

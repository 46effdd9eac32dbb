/** What commits say is finished above their offset. */
import { isForce, violentEnd } from './ends-of-work.js'
import type { Delivery, LedgerRecord, PartitionLog, PlacedCommit } from './indexed-ledger.js'

/** Whether the commit says that the record at an offset is finished, though it lies above the commit. */
export function lists({ line: { finished = [] } }: PlacedCommit, offset: number): boolean {
  let [low, high] = [0, finished.length]
  // The number of bounds up to the offset is odd within a range.
  while (low < high) {
    const middle = (low + high) >> 1
    if (finished[middle] <= offset) low = middle + 1
    else high = middle
  }
  return low % 2 === 1
}

/** Records that a commit lists, ascending. @param inOrder all of the partition, by offset */
export function* listed({ line: { finished = [] } }: PlacedCommit, inOrder: readonly LedgerRecord[]) {
  for (let i = 0; i < finished.length; i += 2) {
    for (let at = firstFrom(inOrder, finished[i]); inOrder[at]?.offset < finished[i + 1]; at++) yield inOrder[at]
  }
}

export function byOffset({ records }: PartitionLog): LedgerRecord[] {
  return [...records.values()].sort((a, b) => a.offset - b.offset)
}

/** Of which a commit, though made long after, does not say that it is finished. */
export interface LeftOut {
  /** Acknowledged long after the end of the delivery. */
  before: PlacedCommit
}

/**
 * Whether a commit says less than its process knew. A process makes a commit after the one before was acknowledged; what had
 * ended `ackMs` before that was known to it, and stands below the commit or in its list. The list may have been cut off
 * above its last range, and who was frozen may have heard late.
 */
export function leftOut(commit: PlacedCommit, done: Delivery, ackMs: number): LeftOut | undefined {
  const { line, number, run } = commit
  const { offset } = done.record
  if (run !== done.run || line.finished === undefined || line.offset > offset || lists(commit, offset)) return undefined
  const last = line.finished.at(-1)
  if (last !== undefined && last <= offset) return undefined
  const before = run.partition.commits.findLast((one) => one.run === run && one.number < number)
  if (before === undefined || before.line.at - done.end!.at <= ackMs) return undefined
  const frozen = run.process.kills.some((k) => isForce(k) && k.number > done.endedAt! && k.number < number)
  return frozen ? undefined : { before }
}

/** Records that a process which died or lost the partition had finished, and that its last commit kept from running again. */
export function spared({ commits, runs }: PartitionLog, inOrder: readonly LedgerRecord[]): number {
  let count = 0
  for (const next of runs) {
    const last = commits.findLast(({ number, run }) => run !== next && number < next.from)
    if (last === undefined || violentEnd(last.run, next.from) === undefined) continue
    for (const _ of listed(last, inOrder)) count++
  }
  return count
}

function firstFrom(inOrder: readonly LedgerRecord[], offset: number): number {
  let [low, high] = [0, inOrder.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (inOrder[middle].offset < offset) low = middle + 1
    else high = middle
  }
  return low
}

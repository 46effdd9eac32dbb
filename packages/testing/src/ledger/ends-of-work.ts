import type { Delivery, Placed, PlacedCommit, Run } from './indexed-ledger.js'
import type { KilledLine } from './lines.js'
import type { ProcessLog } from './process-log.js'
import { nameLine } from './sentences.js'

/** What a process is asked to do, as opposed to what is done to it. */
const politeSignals: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGCONT'])

export const isForce = ({ line }: Placed<KilledLine>): boolean => !politeSignals.has(line.signal)
/** SIGSTOP freezes, it does not end. */
const isDeadly = (killed: Placed<KilledLine>): boolean => isForce(killed) && killed.line.signal !== 'SIGSTOP'

/** Whether a process ended otherwise than of its own accord. */
export function diedOfForce({ kills, exit }: ProcessLog): boolean {
  return kills.some(isDeadly) || (exit !== undefined && exit.line.code !== 0)
}

/** Whether and where a process ended: no line of its own can come later. */
export function endOfProcess({ kills, exit, lastSaid }: ProcessLog): number | undefined {
  const ends = [kills.find(isDeadly)?.number, exit?.number].filter((n) => n !== undefined)
  // Who kills may log it first: what the process still said in between happened, so its end is after that.
  return ends.length > 0 ? Math.max(Math.min(...ends), lastSaid) : undefined
}

/**
 * The line at which a delivery was over for certain: its own end, or that of its thread or its process.
 * Undefined: as far as the ledger knows, it runs for ever.
 */
export function overAt({ endedAt, startedAt, start, run }: Delivery): number | undefined {
  if (endedAt !== undefined) return endedAt
  const gone = run.process.threadsGone.find((t) => t.line.thread === start.thread && t.number > startedAt)
  return gone?.number ?? endOfProcess(run.process)
}

/**
 * Why work that a run had finished and not committed may be begun again at a line: it lost the partition, or its
 * process had died or been frozen owning it. What was revoked in good order is settled, whatever became of the process
 * later, and what dies later explains nothing before.
 *
 * A `lost` line counts wherever it stands: who was slow or frozen learns of it after the next owner has begun. So does
 * an exit code, as who waits for a process is told after its death; but then nothing was said by or done to it since.
 */
export function violentEnd({ process, lost, until }: Run, number: number): string | undefined {
  if (lost) return nameLine(lost)
  if (until !== undefined && until < number) return undefined
  const { pid, kills, exit, lastSaid } = process
  const killed = kills.find((k) => isForce(k) && k.number < number)
  if (killed) return `${killed.line.signal} to pid ${pid}, ${nameLine(killed)}`
  const silent = lastSaid < number && kills.every((k) => k.number < number)
  if (exit && exit.line.code !== 0 && silent) return `exit code ${exit.line.code}, ${nameLine(exit)}`
  return undefined
}

/** Answers what had been committed at a line: of one offset the last commit, which may list more. Ask with ascending numbers. */
export function commitsSoFar(commits: readonly PlacedCommit[]): (number: number) => PlacedCommit | undefined {
  let next = 0
  let highest: PlacedCommit | undefined
  return (number) => {
    for (; next < commits.length && commits[next].number < number; next++) {
      if (!highest || commits[next].line.offset >= highest.line.offset) highest = commits[next]
    }
    return highest
  }
}

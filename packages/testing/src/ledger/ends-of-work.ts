import type { Delivery, IndexedLedger, PlacedCommit, ProcessLog, Run } from './indexed-ledger.js'
import { nameLine } from './sentences.js'

/** What a process is asked to do, as opposed to what is done to it. */
const politeSignals: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGCONT'])

/** Whether and where a process ended: no line of its own can come later. SIGSTOP freezes, it does not end. */
export function endOfProcess(process: ProcessLog | undefined): number | undefined {
  const killed = process?.kills.find((k) => !politeSignals.has(k.line.signal) && k.line.signal !== 'SIGSTOP')
  const ends = [killed?.number, process?.exit?.number].filter((n) => n !== undefined)
  // Who kills may log it first: what the process still said in between happened, so its end is after that.
  return ends.length > 0 ? Math.max(Math.min(...ends), process!.lastSaid) : undefined
}

/**
 * The line at which a delivery was over for certain: its own end, or that of its thread or its process.
 * Undefined: as far as the ledger knows, it runs for ever.
 */
export function overAt(delivery: Delivery, ledger: IndexedLedger): number | undefined {
  if (delivery.endedAt !== undefined) return delivery.endedAt
  const process = ledger.processes.get(delivery.start.pid)
  const { thread } = delivery.start
  const gone = process?.threadsGone.find((t) => t.line.thread === thread && t.number > delivery.startedAt)
  return gone?.number ?? endOfProcess(process)
}

/**
 * Why a run may have left finished work uncommitted without a word: it lost the partition, or its process died owning
 * it. What was revoked in good order is settled, whatever became of the process later.
 */
export function violentEnd(run: Run, ledger: IndexedLedger): string | undefined {
  if (run.lost) return nameLine(run.lost)
  if (run.until !== undefined) return undefined
  const process = ledger.processes.get(run.pid)
  const killed = process?.kills.find((k) => !politeSignals.has(k.line.signal))
  if (killed) return `${killed.line.signal} to pid ${run.pid}, ${nameLine(killed)}`
  if (process?.exit && process.exit.line.code !== 0)
    return `exit code ${process.exit.line.code}, ${nameLine(process.exit)}`
  return undefined
}

/** Answers what had been committed at a line. Ask with ascending numbers. */
export function commitsSoFar(commits: readonly PlacedCommit[]): (number: number) => PlacedCommit | undefined {
  let next = 0
  let highest: PlacedCommit | undefined
  return (number) => {
    for (; next < commits.length && commits[next].number < number; next++) {
      if (!highest || commits[next].line.offset > highest.line.offset) highest = commits[next]
    }
    return highest
  }
}

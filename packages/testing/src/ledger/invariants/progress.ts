import type { Placed, ProcessLog } from '../indexed-ledger.js'
import type { Judge, JudgeOptions } from '../invariant.js'
import type { ProgressLine } from '../lines.js'
import { lineAt } from '../sentences.js'

/** I6: a process with lag does not stand still for longer than `stallMs`, unless it says why. */
export const progress: Judge = (ledger, options) => {
  let evidence = 0
  for (const process of ledger.processes.values()) {
    evidence += process.progress.length
    const contradiction = stall(process, options)
    if (contradiction) return { evidence, contradiction }
  }
  return { evidence }
}

function stall({ pid, progress, assignmentsChangedAt }: ProcessLog, { stallMs }: JudgeOptions): string | undefined {
  /** The line since which nothing has moved. */
  let since: Placed<ProgressLine> | undefined
  let changes = 0
  for (const now of progress) {
    const changed = assignmentsChangedAt[changes] < now.number
    while (assignmentsChangedAt[changes] < now.number) changes++
    const excused = now.line.lag <= 0 || now.line.held !== undefined
    if (!since || excused || changed || now.line.watermarks > since.line.watermarks) {
      since = excused ? undefined : now
      continue
    }
    const still = now.line.at - since.line.at
    if (still > stallMs) {
      const times = `${lineAt(since.number, since.line.at)} to ${lineAt(now.number, now.line.at)}`
      return `pid ${pid} stood still for ${Math.round(still)} ms with ${now.line.lag} records to go, its watermarks at ${now.line.watermarks} in sum, from ${times} (at most ${stallMs} ms)`
    }
  }
  return undefined
}

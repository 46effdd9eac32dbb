import { endOfProcess, isForce } from '../ends-of-work.js'
import type { IndexedLedger, Placed } from '../indexed-ledger.js'
import type { Judge, JudgeOptions } from '../invariant.js'
import type { ProgressLine } from '../lines.js'
import type { ProcessLog } from '../process-log.js'
import { lineAt, nameLine } from '../sentences.js'

/**
 * I6: a process with lag does not stand still for longer than `stallMs`, unless it says why. Nor does it keep silent
 * for so long, because then nobody knows whether it moves: until its next line, its end, or the end of the ledger.
 */
export const progress: Judge = (ledger, options) => {
  let evidence = 0
  for (const process of ledger.processes) {
    evidence += process.progress.length
    const contradiction = stall(process, options) ?? silence(process, ledger, options)
    if (contradiction) return { evidence, contradiction }
  }
  return { evidence }
}

type Sign = Placed<{ type: string; at?: number }>

const isExcused = ({ line }: Placed<ProgressLine>): boolean => line.lag <= 0 || line.held !== undefined

/** Where it begins anew: what it owns changed, or it was frozen or killed, so that its watermarks cannot be compared. */
function interruptions({ assignments, kills }: ProcessLog): Sign[] {
  return [...assignments, ...kills.filter(isForce)].sort((a, b) => a.number - b.number)
}

function stall(process: ProcessLog, { stallMs }: JudgeOptions): string | undefined {
  /** The line since which nothing has moved. */
  let since: Placed<ProgressLine> | undefined
  let next = 0
  const anew = interruptions(process)
  for (const now of process.progress) {
    const interrupted = anew[next]?.number < now.number
    while (anew[next]?.number < now.number) next++
    if (!since || isExcused(now) || interrupted || now.line.watermarks > since.line.watermarks) {
      since = isExcused(now) ? undefined : now
      continue
    }
    const still = now.line.at - since.line.at
    if (still > stallMs) {
      const times = `${lineAt(since.number, since.line.at)} to ${lineAt(now.number, now.line.at)}`
      return `pid ${process.pid} stood still for ${Math.round(still)} ms with ${now.line.lag} records to go, its watermarks at ${now.line.watermarks} in sum, from ${times} (at most ${stallMs} ms)`
    }
  }
  return undefined
}

function silence(process: ProcessLog, { lastAt }: IndexedLedger, { stallMs }: JudgeOptions): string | undefined {
  const signs: Sign[] = [...process.progress, ...interruptions(process)]
  if (process.exit) signs.push(process.exit)
  signs.sort((a, b) => a.number - b.number)
  const ended = endOfProcess(process) !== undefined
  let next = 0
  for (const now of process.progress) {
    while (signs[next]?.number <= now.number) next++
    const sign = signs[next]
    const at = sign ? sign.line.at : ended ? undefined : lastAt
    if (isExcused(now) || at === undefined || at - now.line.at <= stallMs) continue
    const until = sign ? nameLine(sign) : 'the end of the ledger'
    return `pid ${process.pid} said nothing for ${Math.round(at - now.line.at)} ms with ${now.line.lag} records to go, from ${nameLine(now)} to ${until} (at most ${stallMs} ms)`
  }
  return undefined
}

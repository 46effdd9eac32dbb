import { endOfProcess, overAt } from '../ends-of-work.js'
import type { IndexedLedger } from '../indexed-ledger.js'
import type { Judge } from '../invariant.js'
import { outlived, type ProcessLog, sigkill } from '../process-log.js'
import { isUntold } from '../runs.js'
import { nameDelivery, nameLine, nameRecord } from '../sentences.js'

/** I8: each process ended as it was expected to, left nothing open, ended at all, and did nothing after its end. */
export const cleanEnd: Judge = (ledger) => {
  const { processes } = ledger
  const evidence = processes.filter((p) => p.exit).length
  for (const process of processes) {
    const unclean = evidence > 0 ? uncleanExit(process) : undefined
    const contradiction = livesOn(process) ?? haunts(process, ledger) ?? unclean ?? abandoned(process, ledger)
    if (contradiction) return { evidence, contradiction }
  }
  return { evidence }
}

function livesOn(process: ProcessLog): string | undefined {
  const { pid, exit, lastSaid } = process
  if (exit && lastSaid > exit.number) return `pid ${pid} went on until line ${lastSaid} after its ${nameLine(exit)}`
  const killed = sigkill(process)
  const last = killed && outlived(process, killed.number)
  if (last === undefined) return undefined
  return `pid ${pid} went on until line ${last} after its SIGKILL, ${nameLine(killed!)}`
}

/** Whoever has the pid of a process that ended is a new one, and a new one owns nothing that it was not assigned. */
function haunts(process: ProcessLog, ledger: IndexedLedger): string | undefined {
  const { pid, before } = process
  if (!before?.exit) return undefined
  const late = ledger.deliveries.find((d) => d.run.process === process && isUntold(d.run))
  return (
    late &&
    `pid ${pid} ran ${nameDelivery(late)} of ${nameRecord(late.record)} after its ${nameLine(before.exit)}, and no process of that pid was assigned the partition since`
  )
}

function uncleanExit(process: ProcessLog): string | undefined {
  const { pid, exit } = process
  if (!exit)
    return endOfProcess(process) === undefined ? `pid ${pid} never ended: no exit and no killed line` : undefined
  const { code, expectedCode, openHandles = [], unhandledRejections = 0 } = exit.line
  const where = nameLine(exit)
  if (code !== expectedCode) return `pid ${pid} ended with code ${code} instead of ${expectedCode}, ${where}`
  if (openHandles.length > 0)
    return `pid ${pid} left ${openHandles.length} handles open: ${openHandles.join(', ')}, ${where}`
  if (unhandledRejections > 0) return `pid ${pid} had ${unhandledRejections} unhandled rejections, ${where}`
  return undefined
}

/** A process that says "drained" must not have walked away from a handler. */
function abandoned(process: ProcessLog, ledger: IndexedLedger): string | undefined {
  const { pid, exit } = process
  if (exit?.line.code !== 0) return undefined
  const left = ledger.deliveries.find(
    (d) => d.run.process === process && d.endedAt === undefined && overAt(d) === endOfProcess(process),
  )
  return (
    left &&
    `pid ${pid} ended with code 0 while ${nameDelivery(left)} of ${nameRecord(left.record)} was running, ${nameLine(exit)}`
  )
}

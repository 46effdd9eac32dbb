import { endOfProcess, overAt } from '../ends-of-work.js'
import type { IndexedLedger, ProcessLog } from '../indexed-ledger.js'
import type { Judge } from '../invariant.js'
import { nameDelivery, nameLine, nameRecord } from '../sentences.js'

/** I8: each process ended as it was expected to, left nothing open, and ended at all. */
export const cleanEnd: Judge = (ledger) => {
  const processes = [...ledger.processes.values()]
  const evidence = processes.filter((p) => p.exit).length
  if (evidence === 0) return { evidence }
  for (const process of processes) {
    const contradiction = uncleanExit(process) ?? abandoned(process, ledger)
    if (contradiction) return { evidence, contradiction }
  }
  return { evidence }
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
function abandoned({ pid, exit }: ProcessLog, ledger: IndexedLedger): string | undefined {
  if (exit?.line.code !== 0) return undefined
  const left = ledger.deliveries.find(
    (d) =>
      d.start.pid === pid && d.endedAt === undefined && overAt(d, ledger) === endOfProcess(ledger.processes.get(pid)),
  )
  return (
    left &&
    `pid ${pid} ended with code 0 while ${nameDelivery(left)} of ${nameRecord(left.record)} was running, ${nameLine(exit)}`
  )
}

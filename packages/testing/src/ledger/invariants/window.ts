import { overAt } from '../ends-of-work.js'
import type { Delivery, IndexedLedger } from '../indexed-ledger.js'
import type { Judge } from '../invariant.js'
import type { WindowLine } from '../lines.js'
import type { ProcessLog } from '../process-log.js'
import { lineAt, nameDelivery, nameRecord } from '../sentences.js'

/**
 * I7: what is in flight stays under both caps; only a record that is larger than the byte window by itself may pass it,
 * alone. What a process says of itself is held against its handlers: each one that runs is in flight.
 */
export const window: Judge = (ledger) => {
  let evidence = 0
  for (const process of ledger.processes) {
    const { windows } = process
    evidence += windows.length
    if (windows.length === 0) continue
    for (const { line, number } of windows) {
      const excess = excessOf(line)
      if (excess) return { evidence, contradiction: `pid ${line.pid} had ${excess} in flight (${lineAt(number)})` }
    }
    const contradiction = unseen(process, ledger)
    if (contradiction) return { evidence, contradiction }
  }
  return { evidence }
}

function excessOf({ messages, capMessages, bytes, capBytes }: WindowLine): string | undefined {
  if (messages < 0 || bytes < 0) return `${messages} messages and ${bytes} bytes`
  if (messages > capMessages) return `${messages} messages of at most ${capMessages}`
  if (bytes > capBytes && messages > 1) return `${bytes} bytes of at most ${capBytes} in ${messages} messages`
  return undefined
}

/** Where more handlers ran at a time than the cap allows, or than the window was said to hold. */
function unseen(process: ProcessLog, ledger: IndexedLedger): string | undefined {
  const { pid, windows } = process
  const deliveries = ledger.deliveries.filter((d) => d.run.process === process)
  const starts = deliveries.map((d) => d.startedAt)
  const ends = deliveries.map(leftAt).sort((a, b) => a - b)
  const cap = Math.max(...windows.map((w) => w.line.capMessages))

  const started = countBefore(starts)
  const ended = countBefore(ends)
  for (const { line, number } of windows) {
    const running = started(number) - ended(number)
    if (running > line.messages)
      return `pid ${pid} said that ${line.messages} messages were in flight (${lineAt(number)}), while ${running} handlers were running`
  }
  const endedThen = countBefore(ends)
  for (const [i, delivery] of deliveries.entries()) {
    const running = i + 1 - endedThen(delivery.startedAt)
    if (running > cap)
      return `pid ${pid} had ${running} handlers running of at most ${cap} messages in flight, with ${nameDelivery(delivery)} of ${nameRecord(delivery.record)}`
  }
  return undefined
}

/** A partition that is given up takes its messages out of the window, though handlers of it may run on. */
function leftAt(delivery: Delivery): number {
  const forever = Number.POSITIVE_INFINITY
  return Math.min(overAt(delivery) ?? forever, delivery.run.until ?? forever)
}

/** Answers how many of the ascending numbers come before one. Ask with ascending numbers. */
function countBefore(numbers: readonly number[]): (number: number) => number {
  let count = 0
  return (number) => {
    while (count < numbers.length && numbers[count] < number) count++
    return count
  }
}

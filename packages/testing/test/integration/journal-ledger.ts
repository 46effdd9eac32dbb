/** One work's journal, events and dead letters as a ledger, for its checker. */
import type { WorkEvent } from '@zk/runtime'
import type { LedgerLine } from '../../src/ledger/lines.js'
import type { Events } from './events.js'
import type { JournalLine } from './journal.js'
import type { Produced, WrittenLetter } from './stage.js'

export interface Story {
  groupId: string
  produced: readonly Produced[]
  journal: readonly JournalLine[]
  events: Events<WorkEvent>
  letters?: readonly WrittenLetter[]
}

const placeOf = ({ topic, partition, offset }: { topic: string; partition: number; offset: number }) =>
  `${topic}/${partition}@${offset}`

/**
 * The order of the journal is the order of its file. What main told stands behind all that its handlers had written by then,
 * by the machine's monotonic clock, which both read.
 */
export function ledgerOf({ groupId, produced, journal, events, letters = [] }: Story): LedgerLine[] {
  const { pid } = process
  const group = groupId
  const counts = new Map<string | null, number>()
  const records = new Map(
    produced.map(({ topic, partition, offset, key }) => {
      const seq = counts.get(key) ?? 0
      counts.set(key, seq + 1)
      return [placeOf({ topic, partition, offset }), { key, seq, topic, partition, offset }]
    }),
  )
  const lines: LedgerLine[] = [...records.values()].map((record) => ({ type: 'produced', ...record }))
  let next = 0
  const tellUntil = (now: number) => {
    for (; next < events.all.length && events.at[next]! < now; next++) {
      const event = events.all[next]!
      const at = events.at[next]!
      if (event.type === 'thread-gone') lines.push({ type: 'thread-gone', pid, thread: event.thread, at })
      if (event.type !== 'committed') continue
      for (const { topic, partition, offset } of event.offsets) {
        lines.push({ type: 'committed', group, topic, partition, offset, pid, at })
      }
    }
  }
  for (const line of journal) {
    if (line.type === 'start') {
      tellUntil(line.at)
      const { id, attempt, thread, at } = line
      lines.push({ type: 'start', ...records.get(placeOf(line))!, id, attempt, thread, pid, at })
    } else if (line.type === 'end') {
      tellUntil(line.at)
      lines.push(line)
    }
  }
  tellUntil(Number.POSITIVE_INFINITY)
  for (const { origin, cause } of letters) lines.push({ type: 'dead', ...records.get(placeOf(origin))!, cause })
  return lines
}

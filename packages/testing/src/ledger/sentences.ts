import type { Delivery, LedgerRecord, Placed } from './indexed-ledger.js'

/** The pieces of which contradictions are made. Every one names where in the ledger to look. */

export const place = (r: { topic: string; partition: number; offset: number }): string =>
  `${r.topic}-${r.partition}@${r.offset}`

export const nameRecord = (record: LedgerRecord): string =>
  `record ${place(record)} (${record.key === null ? 'no key' : `key ${record.key}`}, seq ${record.seq})`

export const lineAt = (number: number, at?: number): string =>
  at === undefined ? `line ${number}` : `line ${number}, ${at.toFixed(3)} ms`

export const nameDelivery = ({ start, startedAt }: Delivery): string =>
  `delivery ${start.id} (attempt ${start.attempt}, pid ${start.pid}, thread ${start.thread}; ${lineAt(startedAt, start.at)})`

export function howItEnded(delivery: Delivery): string {
  if (!delivery.end) return 'never ended'
  return `${delivery.end.ok ? 'succeeded' : 'failed'} (${lineAt(delivery.endedAt!, delivery.end.at)})`
}

export const nameLine = (placed: Placed<{ type: string; at?: number }>): string =>
  `${placed.line.type} (${lineAt(placed.number, placed.line.at)})`

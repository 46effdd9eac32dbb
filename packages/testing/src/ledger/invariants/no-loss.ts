import type { LedgerRecord } from '../indexed-ledger.js'
import type { Judge } from '../invariant.js'
import { howItEnded, lineAt, nameDelivery, nameRecord } from '../sentences.js'

/**
 * I1: every record that was acknowledged to its producer, or was delivered, was finished in one of the visible ways.
 * Only what was produced is evidence: deliveries alone cannot tell what is missing.
 */
export const noLoss: Judge = (ledger) => {
  for (const { records } of ledger.partitions) {
    for (const record of records.values()) {
      if (record.succeededAt === undefined && record.outcome === undefined) {
        return { evidence: ledger.produced, contradiction: sentence(record) }
      }
    }
  }
  return { evidence: ledger.produced }
}

function sentence(record: LedgerRecord): string {
  const origin = record.produced ? `was produced (${lineAt(record.produced.number)})` : 'was delivered'
  const last = record.deliveries.at(-1)
  const fate = last ? `its last ${nameDelivery(last)} ${howItEnded(last)}` : 'it was never delivered'
  return `${nameRecord(record)} ${origin} and was lost: no success, no dead letter, no failed line; ${fate}`
}

import type { Chain, LedgerRecord } from '../indexed-ledger.js'
import type { JudgeOptions } from '../invariant.js'

/** @returns what the record must be serial with: the same object for all records of a chain. */
export function chainOf(record: LedgerRecord, { ordering }: JudgeOptions): Chain | undefined {
  return ordering === 'key' ? record.chain : record.log
}

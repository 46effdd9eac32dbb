import type { IndexedLedger, LedgerRecord } from '../indexed-ledger.js'
import type { JudgeOptions } from '../invariant.js'

/** What is promised to be serial: a key within a partition, or the partition. A record without a key is in no chain. */
export interface Chain {
  name: string
}

/** @returns the chain of a record: the same object for all records of a chain. */
export function chainsOf(
  ledger: IndexedLedger,
  { ordering }: JudgeOptions,
): (record: LedgerRecord) => Chain | undefined {
  const chains = new Map<string, Map<string, Chain>[]>()
  for (const { topic } of ledger.partitions) chains.set(topic, [])
  return ({ topic, partition, key }) => {
    if (key === null && ordering === 'key') return undefined
    const name = ordering === 'key' ? `key ${key} of ${topic}-${partition}` : `${topic}-${partition}`
    const partitions = chains.get(topic)!
    partitions[partition] ??= new Map()
    const byKey = partitions[partition]
    const id = ordering === 'key' ? key! : ''
    const chain = byKey.get(id) ?? { name }
    byKey.set(id, chain)
    return chain
  }
}

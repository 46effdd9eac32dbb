import type { Run } from './indexed-ledger.js'

/** Whether nobody said that the process was assigned the partition, in a ledger that tells to whom it was. */
export function isUntold({ assignedAt, partition }: Run): boolean {
  return assignedAt === undefined && partition.runs.some((r) => r.assignedAt !== undefined)
}

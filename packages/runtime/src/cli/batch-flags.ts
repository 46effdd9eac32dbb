/** `--batch-size` and `--batch-wait`, of `zk run` and `zk bench`. */

export interface BatchFlags {
  batchSize?: number
  batchWait?: number
}

/** What they say of batches, each in place of one field of the file. @returns undefined where they say nothing */
export function batchOf(
  { batchSize, batchWait }: BatchFlags,
  inFile?: unknown,
): { maxSize?: number; maxWaitMs?: number } | undefined {
  if (batchSize === undefined && batchWait === undefined) return undefined
  return {
    ...(inFile as object | undefined),
    ...(batchSize !== undefined && { maxSize: batchSize }),
    ...(batchWait !== undefined && { maxWaitMs: batchWait }),
  }
}

// @ts-check
/**
 * How far a process is, for a line of the ledger. A partition of which nothing was read yet counts as one record to go: it may
 * be full, and a process that never comes to read it stands still.
 *
 * @param {readonly { lag: number | undefined, watermark: number | undefined }[]} partitions of `work.state()`
 */
export function progressOf(partitions) {
  return {
    lag: partitions.reduce((sum, { lag }) => sum + (lag ?? 1), 0),
    watermarks: partitions.reduce((sum, { watermark }) => sum + (watermark ?? 0), 0),
  }
}

/**
 * Keeps a few slow records from pinning the memory of whole batches.
 *
 * A batch's bytes live until its last record has ended. When less than half of its records are alive in two looks in a row,
 * those are copied into a small batch and the large one can go. Half, because where one of several threads is behind, its
 * share of each batch stays for long. Looking twice keeps batches that are merely about to finish from being copied for
 * nothing.
 */
import { type InFlightTable, Phase } from './in-flight-table.js'
import type { RecordBatch } from './record-batch.js'

/** Smaller batches are not worth a copy. */
const WORTHWHILE_BYTES = 64 * 1024

/**
 * @param sparse the batches that were found sparse by the previous look
 * @returns those found sparse by this one and not yet copied
 */
export function copyOutSurvivors<Batch extends RecordBatch>(
  table: InFlightTable<Batch>,
  sparse: ReadonlySet<Batch>,
): Set<Batch> {
  const found = new Set<Batch>()
  const survivors = new Map<Batch, number[]>()
  for (let ticket = 0; ticket < table.capacity; ticket++) {
    const batch = table.batch[ticket]
    if (batch === undefined || table.phase[ticket] === Phase.free) continue
    if (batch.live * 2 >= batch.length || batch.byteLength < WORTHWHILE_BYTES) continue
    if (!sparse.has(batch)) found.add(batch)
    else if (!survivors.has(batch)) survivors.set(batch, [ticket])
    else survivors.get(batch)!.push(ticket)
  }
  for (const [batch, tickets] of survivors) {
    // A batch picks batches of its own kind.
    const copy = batch.pick(tickets.map((ticket) => table.index[ticket]!)) as Batch
    for (const [i, ticket] of tickets.entries()) {
      table.batch[ticket] = copy
      table.index[ticket] = i
    }
    batch.live = 0
    batch.release()
  }
  return found
}

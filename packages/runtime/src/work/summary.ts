import type { Counters, WorkEngine } from '@zk/engine'
import type { PackedBatch } from '../kafka/packed-batch.js'
import { previewKey } from './preview-key.js'

/** A record that had not ended when its deadline passed. */
export interface BlockedRecord {
  topic: string
  partition: number
  offset: number
  /** The key as text, or as hex where it is no text; null for a null key. */
  key: string | null
  thread: number
}

/** How a run ended. */
export interface RunSummary {
  /**
   * `drained`: everything that had started was finished and committed. `aborted`: the signal ended it. `deadline`: some
   * handlers were still running when `shutdownTimeoutMs` had passed.
   */
  reason: 'drained' | 'aborted' | 'deadline'
  /** Records completed, each once, failed ones included. */
  processed: number
  /** Records whose handler failed and whose offset completed all the same (`onExhausted: 'complete'`). */
  failed: number
  /** Records written to the dead letter topic. */
  deadLettered: number
  /** Records handed to a thread again because theirs had died. */
  redelivered: number
  threadDeaths: number
  /** How many of `processed` an acknowledged commit covers. */
  committed: number
  /** With reason `deadline`: what was still running, at most 100. */
  blocked: BlockedRecord[]
}

export function summarize(
  reason: RunSummary['reason'],
  { processed, failed, redelivered, threadDeaths }: Counters,
  committed: number,
  blocked: BlockedRecord[],
): RunSummary {
  return { reason, processed, failed, deadLettered: 0, redelivered, threadDeaths, committed, blocked }
}

const MAX_BLOCKED = 100

/** What is in flight now, lowest offsets first. */
export function blockedRecords(engine: WorkEngine<PackedBatch>): BlockedRecord[] {
  const { slot, offset, thread, batch, index } = engine.inFlight
  const all = [...engine.running()].sort((a, b) => offset[a]! - offset[b]!)
  return all.slice(0, MAX_BLOCKED).map((ticket) => ({
    ...engine.assignments.nameOf(slot[ticket]!),
    offset: offset[ticket]!,
    key: previewKey(batch[ticket]!, index[ticket]!),
    thread: thread[ticket]!,
  }))
}

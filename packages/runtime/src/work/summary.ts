import { type Counters, Phase, type WorkEngine } from '@zk/engine'
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
  /** Records that failed for good and completed without a dead letter (`onExhausted: 'complete'`). */
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
  { processed, failed, deadLettered, redelivered, threadDeaths }: Counters,
  committed: number,
  blocked: BlockedRecord[],
): RunSummary {
  return { reason, processed, failed, deadLettered, redelivered, threadDeaths, committed, blocked }
}

const MAX_BLOCKED = 100

/** A record that was open when its deadline passed, and whether it still is. */
export interface OpenRecord {
  readonly record: BlockedRecord
  isFinished(): boolean
}

/** What threads run or may still run now, or waits for its dead letter, lowest offsets first, at most 100. */
export function openRecords(engine: WorkEngine<PackedBatch>): OpenRecord[] {
  const { phase, slot, epoch, offset, thread, batch, index, trackerPosition } = engine.inFlight
  const isOpen = (ticket: number) => phase[ticket] === Phase.dispatched || phase[ticket] === Phase.deadLettering
  const all = Array.from(phase.keys())
    .filter(isOpen)
    .sort((a, b) => offset[a]! - offset[b]!)
  return all.slice(0, MAX_BLOCKED).flatMap((ticket) => {
    const assignment = engine.assignments.find(slot[ticket]!, epoch[ticket]!)
    if (assignment === undefined) return []
    const { topic, partition, tracker } = assignment
    const place = trackerPosition[ticket]!
    const key = previewKey(batch[ticket]!, index[ticket]!)
    const record = { topic, partition, offset: offset[ticket]!, key, thread: thread[ticket]! }
    return [{ record, isFinished: () => tracker.isFinished(place) }]
  })
}

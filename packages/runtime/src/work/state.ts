/** What `work.state()` shows, as plain data. */
import type { Counters, WorkEngine } from '@zk/engine'
import type { Consumer } from '../kafka/consumer.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { ThreadHost } from '../threads/host.js'
import type { Commits } from './commits.js'

export interface PartitionSnapshot {
  topic: string
  partition: number
  state: 'assigned' | 'draining'
  /** Lowest offset that is not finished; undefined before the first record. */
  watermark: number | undefined
  /** Last offset whose commit the broker acknowledged to this process. */
  committed: number | undefined
  /** Records between the watermark and the partition's end as last fetched. */
  lag: number | undefined
  /** Records of the partition between the reader and their end. */
  inFlight: number
  /** Reading is stopped because too many records lie above an unfinished one. */
  paused: boolean
}

export interface ThreadSnapshot {
  index: number
  up: boolean
  /** Handlers in progress. */
  running: number
  /** Records in the thread that wait for a handler. */
  queued: number
  /** Records that this thread ended. */
  processed: number
  /** Share of the time since the last snapshot in which the thread's event loop was busy, 0 to 1. */
  busy: number
}

export interface WorkState {
  phase: 'starting' | 'running' | 'draining' | 'stopped'
  reader: 'native' | 'portable' | undefined
  partitions: PartitionSnapshot[]
  threads: ThreadSnapshot[]
  window: { messages: number; maxMessages: number; bytes: number; maxBytes: number }
  /** `committed`: how many of `processed` an acknowledged commit covers. */
  counters: Counters & { committed: number }
}

export interface StateSources {
  phase: WorkState['phase']
  engine: WorkEngine<PackedBatch>
  host: ThreadHost
  consumer: Consumer
  commits: Commits
  processedBy: Float64Array
  busyOf(thread: number): number
}

export function snapshot({ phase, engine, host, consumer, commits, processedBy, busyOf }: StateSources): WorkState {
  const { window } = engine
  return {
    phase,
    reader: consumer.readerKind,
    partitions: [...engine.assignments].map((assignment) => {
      const { topic, partition, state, tracker, inFlight, paused, slot } = assignment
      const high = consumer.cluster.highWatermark(assignment)
      const { watermark } = tracker
      const lag = high === undefined || watermark === undefined ? undefined : Math.max(0, high - watermark)
      return { topic, partition, state, watermark, committed: commits.committed(slot), lag, inFlight, paused }
    }),
    threads: host.boards.map((board, index) => ({
      index,
      up: host.isUp(index),
      running: board.running,
      queued: board.queued,
      processed: processedBy[index]!,
      busy: busyOf(index),
    })),
    window: {
      messages: window.messages,
      maxMessages: window.maxMessages,
      bytes: window.bytes,
      maxBytes: window.maxBytes,
    },
    counters: { ...engine.counters, committed: commits.covered },
  }
}

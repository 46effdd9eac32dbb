/** What `work.state()` shows, as plain data. */
import type { CircuitState, Counters, WorkEngine } from '@zk/engine'
import type { CircuitLog } from '../health/circuit-log.js'
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
  /** When the next record that waits for its time may start (`processDelayMs`), in milliseconds since 1970; or undefined. */
  delayedUntil: number | undefined
  /** Of the circuit breaker that its records are under, its own or that of the work; undefined without one. */
  circuit: CircuitState | undefined
}

export interface ThreadSnapshot {
  index: number
  up: boolean
  /** Handlers in progress. */
  running: number
  /** Handlers that may be in progress; with `concurrency: 'auto'` the limit of the moment. */
  concurrency: number
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
  /**
   * `committed`: how many of `processed` an acknowledged commit covers. `retries`: failed attempts that another one of the
   * same thread follows.
   */
  counters: Counters & { committed: number; retries: number }
}

export interface StateSources {
  phase: WorkState['phase']
  engine: WorkEngine<PackedBatch>
  host: ThreadHost
  consumer: Consumer
  commits: Commits
  circuits: CircuitLog
  processedBy: Float64Array
  busyOf(thread: number): number
}

export function snapshot(sources: StateSources): WorkState {
  const { phase, engine, host, consumer, commits, circuits, processedBy, busyOf } = sources
  const { window } = engine
  return {
    phase,
    reader: consumer.readerKind,
    partitions: [...engine.assignments].map((assignment) => {
      const { topic, partition, state, tracker, inFlight, paused, slot } = assignment
      const high = consumer.cluster.highWatermark(assignment)
      const { watermark } = tracker
      const lag = high === undefined || watermark === undefined ? undefined : Math.max(0, high - watermark)
      return {
        ...{ topic, partition, state, watermark, committed: commits.committed(slot), lag, inFlight, paused },
        ...{ delayedUntil: engine.dueAt(slot), circuit: circuits.stateOf(slot) },
      }
    }),
    threads: host.boards.map((board, index) => ({
      index,
      up: host.isUp(index),
      running: board.running,
      concurrency: board.concurrency,
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
    counters: {
      ...engine.counters,
      committed: commits.covered,
      retries: host.boards.reduce((sum, { retries }) => sum + retries, 0),
    },
  }
}

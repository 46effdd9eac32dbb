/** What a run is told, and what it tells. */
import type { CircuitState, TopicPartition } from '@zk/engine'
import type { Committed } from '../kafka/committer.js'

export interface RunSignals {
  /** Ends the run in good order: what has started is finished and committed. */
  shutdown?: AbortSignal | undefined
  /** Ends the run at once: handlers get a second, unfinished records are not committed. */
  signal?: AbortSignal | undefined
}

/** What happens to a run, for whoever watches it. Handlers of it run on the main thread and must be quick. */
export type WorkEvent =
  /** Also for an empty assignment. */
  | { type: 'assigned'; partitions: readonly (TopicPartition & { epoch: number })[] }
  /** `complete`: every handler that had started ended before the drain deadline. */
  | { type: 'revoked'; partitions: readonly TopicPartition[]; complete: boolean }
  /** The group gave them to others before they could be drained. */
  | { type: 'lost'; partitions: readonly TopicPartition[] }
  /** The broker acknowledged a commit; the same offset comes again when more is finished above it. */
  | { type: 'committed'; offsets: readonly Committed[] }
  | { type: 'thread-gone'; thread: number; cause: string | undefined }
  | { type: 'thread-up'; thread: number }
  /** A circuit breaker has changed; `partition` is the one it is for, undefined where one is for the whole work. */
  | { type: 'circuit'; partition: TopicPartition | undefined; from: CircuitState; to: CircuitState }

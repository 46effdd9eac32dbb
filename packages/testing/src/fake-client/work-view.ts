/** What `state`, `health` and `metrics` of a fake work show: what it knows, and of the rest what a work has that is well. */
import type { WorkHealth, WorkState } from '@zk/runtime'
import { judge, lanesOf, type Measurements, type RunContext } from '@zk/runtime/internal/fake-client'
import type { FakeSubscription } from './subscription.js'
import type { FakeTopics } from './topics.js'

export interface ViewOf {
  readonly context: RunContext
  readonly topics: FakeTopics
  readonly subscription: FakeSubscription
  readonly phase: WorkState['phase']
  readonly failure: Error | undefined
  /** Handlers in progress. */
  readonly running: number
  readonly counters: { processed: number; failed: number; deadLettered: number; retries: number }
  readonly outputs: number
}

export function stateOf({ context, topics, subscription, phase, running, counters }: ViewOf): WorkState {
  const { processed, failed, deadLettered, retries } = counters
  const concurrency = lanesOf(context.config)
  return {
    phase,
    reader: undefined,
    partitions: [...subscription.inbox.assignments].map((assignment) => {
      const { topic, partition, state, tracker, inFlight, paused } = assignment
      const { watermark } = tracker
      const end = topics.partitions(topic)[partition].length
      return {
        ...{ topic, partition, state, watermark, inFlight, paused, delayedUntil: undefined, circuit: undefined },
        committed: topics.committed(context.config.groupId, topic, partition)?.offset,
        lag: watermark === undefined ? undefined : end - watermark,
      }
    }),
    threads: [
      { index: 0, up: phase === 'running', running, concurrency, queued: subscription.inbox.size, processed, busy: 0 },
    ],
    window: { messages: running, maxMessages: concurrency, bytes: 0, maxBytes: 0 },
    counters: {
      ...{ processed, failed, deadLettered, retries, redelivered: 0, threadDeaths: 0, staleAcks: 0 },
      committed: processed,
    },
  }
}

export function healthOf({ phase, failure, subscription }: ViewOf): WorkHealth {
  return judge({
    ...{ phase, failure, assigned: subscription.isJoined, frozen: false, deadLetters: undefined, circuit: undefined },
    ...{ longestStop: { ms: 0, agoMs: 0 }, blocks: [], recentBlock: undefined, stalls: [] },
  })
}

export function measurementsOf(view: ViewOf): Measurements {
  const state = stateOf(view)
  return {
    ...{ state, health: healthOf(view), stoodMs: state.partitions.map(() => 0) },
    ...{ deaths: [], stalls: [], blocked: [], callbackErrors: [], deadLetters: undefined, delayed: 0 },
    circuits: { scope: undefined, work: 'closed', changes: [] },
    outputs: { acknowledged: view.outputs, failed: 0, refused: 0, waiting: 0 },
    commits: 0,
  }
}

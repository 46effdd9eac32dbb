/** Every metric of a work: name, help, labels, and where its values come from. docs/metrics.md lists the same. */
import type { WorkState } from '../work/state.js'
import { failureMetrics } from './failure-metrics.js'
import {
  by,
  flag,
  type Measurements,
  type MetricEntry,
  OF_PARTITION,
  one,
  partitions,
  placeOf,
  type Sample,
} from './metric-entry.js'

type Thread = WorkState['threads'][number]

const threads =
  (read: (thread: Thread) => number) =>
  ({ state }: Measurements): Sample[] =>
    state.threads.map((thread) => ({ labels: { thread: String(thread.index) }, value: read(thread) }))

const OF_THREAD = ['thread']

export const metricTable: readonly MetricEntry[] = [
  {
    name: 'zk_live',
    type: 'gauge',
    help: '1 while the work is alive; 0 when only a restart of the process can help.',
    labels: [],
    read: ({ health }) => flag(health.live.ok),
  },
  {
    name: 'zk_ready',
    type: 'gauge',
    help: '1 while the work takes and processes records.',
    labels: [],
    read: ({ health }) => flag(health.ready.ok),
  },
  {
    name: 'zk_main_thread_lag_seconds',
    type: 'gauge',
    help: 'Longest time in the last ten seconds in which the event loop of the main thread did not turn.',
    labels: [],
    read: ({ health }) => one(health.mainThread.lagMs / 1000),
  },
  {
    name: 'zk_main_thread_blocks_total',
    type: 'counter',
    help: 'Calls of onEvent, onDone, hooks or the logger that held up the main thread for a second or more.',
    labels: ['by'],
    read: ({ blocked }) => by('by', blocked),
  },
  {
    name: 'zk_callback_errors_total',
    type: 'counter',
    help: 'Calls of onEvent, onDone, hooks or the logger that threw or rejected; nothing else comes of it.',
    labels: ['callback'],
    read: ({ callbackErrors }) => by('callback', callbackErrors),
  },
  {
    name: 'zk_process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory of the whole process.',
    labels: [],
    read: () => one(process.memoryUsage.rss()),
  },

  {
    name: 'zk_partition_lag',
    type: 'gauge',
    help: 'Records between the watermark of a partition and its end as last fetched.',
    labels: OF_PARTITION,
    read: partitions(({ lag }) => lag),
  },
  {
    name: 'zk_partition_watermark',
    type: 'gauge',
    help: 'Lowest offset of a partition that is not finished.',
    labels: OF_PARTITION,
    read: partitions(({ watermark }) => watermark),
  },
  {
    name: 'zk_partition_watermark_age_seconds',
    type: 'gauge',
    help: 'Time for which the watermark of a partition has not moved although there is something to do.',
    labels: OF_PARTITION,
    read: partitions((_, { stoodMs }, index) => stoodMs[index]! / 1000),
  },
  {
    name: 'zk_partition_in_flight',
    type: 'gauge',
    help: 'Records of a partition between the reader and their end.',
    labels: OF_PARTITION,
    read: partitions(({ inFlight }) => inFlight),
  },
  {
    name: 'zk_partition_paused',
    type: 'gauge',
    help: '1 while a partition is not read because too many records lie above an unfinished one.',
    labels: OF_PARTITION,
    read: partitions(({ paused }) => (paused ? 1 : 0)),
  },
  {
    name: 'zk_partition_stalled',
    type: 'gauge',
    help: '1 for a partition that has stood longer than stallAfterMs, with the cause.',
    labels: [...OF_PARTITION, 'cause'],
    read: ({ health }) =>
      health.stalls.map((stall) => ({ labels: { ...placeOf(stall), cause: stall.cause.type }, value: 1 })),
  },
  {
    name: 'zk_stalls_total',
    type: 'counter',
    help: 'Stalls that were reported, by the cause that was reported.',
    labels: ['cause'],
    read: ({ stalls }) => by('cause', stalls),
  },

  {
    name: 'zk_window_messages',
    type: 'gauge',
    help: 'Messages in flight.',
    labels: [],
    read: ({ state }) => one(state.window.messages),
  },
  {
    name: 'zk_window_max_messages',
    type: 'gauge',
    help: 'Messages that may be in flight now; it follows how fast the handlers are.',
    labels: [],
    read: ({ state }) => one(state.window.maxMessages),
  },
  {
    name: 'zk_window_bytes',
    type: 'gauge',
    help: 'Bytes of keys, values and headers in flight.',
    labels: [],
    read: ({ state }) => one(state.window.bytes),
  },
  {
    name: 'zk_window_max_bytes',
    type: 'gauge',
    help: 'Bytes that may be in flight (windowBytes).',
    labels: [],
    read: ({ state }) => one(state.window.maxBytes),
  },

  {
    name: 'zk_thread_up',
    type: 'gauge',
    help: '1 while a thread is set up and takes records.',
    labels: OF_THREAD,
    read: threads(({ up }) => (up ? 1 : 0)),
  },
  {
    name: 'zk_thread_running',
    type: 'gauge',
    help: 'Handlers in progress in a thread.',
    labels: OF_THREAD,
    read: threads(({ running }) => running),
  },
  {
    name: 'zk_thread_concurrency',
    type: 'gauge',
    help: "Handlers that may be in progress in a thread; it moves with concurrency 'auto'.",
    labels: OF_THREAD,
    read: threads(({ concurrency }) => concurrency),
  },
  {
    name: 'zk_thread_queued',
    type: 'gauge',
    help: 'Records in a thread that wait for a handler.',
    labels: OF_THREAD,
    read: threads(({ queued }) => queued),
  },
  {
    name: 'zk_thread_busy_ratio',
    type: 'gauge',
    help: 'Share of the last second in which the event loop of a thread was busy, 0 to 1.',
    labels: OF_THREAD,
    read: threads(({ busy }) => busy),
  },
  {
    name: 'zk_thread_records_total',
    type: 'counter',
    help: 'Records that a thread ended.',
    labels: OF_THREAD,
    read: threads(({ processed }) => processed),
  },
  {
    name: 'zk_thread_deaths_total',
    type: 'counter',
    help: 'Threads that died and were replaced, by cause.',
    labels: ['cause'],
    read: ({ deaths }) => by('cause', deaths),
  },

  {
    name: 'zk_records_processed_total',
    type: 'counter',
    help: 'Records completed, each once, failed ones included.',
    labels: [],
    read: ({ state }) => one(state.counters.processed),
  },
  {
    name: 'zk_records_failed_total',
    type: 'counter',
    help: 'Records that failed for good and became no dead letter.',
    labels: [],
    read: ({ state }) => one(state.counters.failed),
  },
  {
    name: 'zk_records_redelivered_total',
    type: 'counter',
    help: "Deliveries that went to a dead thread's successor.",
    labels: [],
    read: ({ state }) => one(state.counters.redelivered),
  },
  {
    name: 'zk_records_committed_total',
    type: 'counter',
    help: 'Processed records that acknowledged commits cover.',
    labels: [],
    read: ({ state }) => one(state.counters.committed),
  },
  {
    name: 'zk_stale_acks_total',
    type: 'counter',
    help: 'Acks of deliveries that were superseded, or of assignments that are over.',
    labels: [],
    read: ({ state }) => one(state.counters.staleAcks),
  },
  ...failureMetrics,
  {
    name: 'zk_outputs_total',
    type: 'counter',
    help: 'Records that handlers sent, by what became of them: acknowledged, failed, or refused as superseded.',
    labels: ['outcome'],
    read: ({ outputs: { acknowledged, failed, refused } }) =>
      by('outcome', Object.entries({ acknowledged, failed, refused })),
  },
  {
    name: 'zk_outputs_waiting',
    type: 'gauge',
    help: 'Records that handlers sent and that are not acknowledged yet.',
    labels: [],
    read: ({ outputs }) => one(outputs.waiting),
  },
  {
    name: 'zk_commits_total',
    type: 'counter',
    help: 'Commits that the broker acknowledged and that told something new.',
    labels: [],
    read: ({ commits }) => one(commits),
  },
]

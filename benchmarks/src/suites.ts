/** Every suite, by its name: what it measures, with what, and what it should reach. */
import type { Result } from './report.js'

export interface SuiteOptions {
  runs: number
  messages: number | undefined
  /** A real Kafka; undefined: the embedded broker. */
  bootstrap: string | undefined
  /** Is told what is measured just now. */
  progress: (what: string) => void
}

export interface Suite {
  /** Imported when it runs, so that what needs no Kafka client runs where it is not built. */
  load: () => Promise<(options: SuiteOptions) => Promise<Result[]>>
  payload: string
  kafka: boolean
  /** For the help, and for docs/guides/benchmarks.md, which says the same. */
  goal: string
}

const VALUES = '200-byte values, 10,000 keys, 12 partitions'

export const suites: Readonly<Record<string, Suite>> = {
  tracker: {
    load: async () => (await import('./tracker.js')).tracker,
    payload: 'offsets',
    kafka: false,
    goal: 'at most 100 ns a record',
  },
  'crash-journal': {
    load: async () => (await import('./crash-journal.js')).crashJournal,
    payload: 'offsets',
    kafka: false,
    goal: 'told, without a goal',
  },
  formats: {
    load: async () => (await import('./formats.js')).formats,
    payload: '64 orders of some 300 bytes of JSON',
    kafka: false,
    goal: 'decoding at most 1.2 × the library',
  },
  hop: {
    load: async () => (await import('./hop.js')).hop,
    payload: '200-byte values, 2,000 keys',
    kafka: false,
    goal: 'at least 2 M messages/s',
  },
  noop: {
    load: async () => (await import('./noop.js')).noop,
    payload: `${VALUES}; on a real Kafka also 1 KiB values, and two headers`,
    kafka: true,
    goal: 'at least 6 × messages/s, at most 0.2 × CPU, 0.7 × a loop that only reads; portable reader at least 0.9 ×',
  },
  cpu: {
    load: async () => (await import('./cpu.js')).cpu,
    payload: VALUES,
    kafka: true,
    goal: 'at least 0.95 × bare threads',
  },
  io: {
    load: async () => (await import('./io.js')).io,
    payload: VALUES,
    kafka: true,
    goal: "at least 0.95 × at 16, 0.9 × at 100; 'auto' at least 0.8 × what 100 reaches",
  },
  skew: {
    load: async () => (await import('./skew.js')).skew,
    payload: '200-byte values, 1,000 keys by Zipf, 12 partitions',
    kafka: true,
    goal: 'at least 0.95 × with affinity in-flight',
  },
  latency: {
    load: async () => (await import('./latency.js')).latency,
    payload: '200-byte values, 1,000 keys, 12 partitions',
    kafka: true,
    goal: 'at most 1 ms added to p50, 5 ms to p99',
  },
  start: {
    load: async () => (await import('./start.js')).start,
    payload: 'none',
    kafka: true,
    goal: 'at most 500 ms beyond the group join',
  },
  memory: {
    load: async () => (await import('./memory.js')).memory,
    payload: '1 KiB values, 10,000 keys, 12 partitions',
    kafka: true,
    goal: 'at most 40 MiB a thread',
  },
  growth: {
    load: async () => (await import('./growth.js')).growth,
    payload: '200-byte values, 10,000 keys, 1 to 256 partitions; 12 of which one has all',
    kafka: true,
    goal: 'told, without a goal',
  },
  writer: {
    load: async () => (await import('./writer.js')).writer,
    payload: '200-byte values, 100 keys',
    kafka: true,
    goal: 'told, without a goal',
  },
}

/** What is compared: each work with its topic, its handler, and each peer's own settings for it. */
import { availableParallelism } from 'node:os'
import type { PeerName } from './programs.js'

export interface Entry {
  peer: PeerName
  /** What the program is told beyond topic, count and handler. */
  options: Readonly<Record<string, string | number | boolean>>
  /** What that is in words, for the table. */
  note: string
  /** Of a key's records. */
  order: 'key' | 'partition' | 'none'
  /** Fewer messages for one that would take minutes; default: the work's. */
  messages?: number
}

export interface Work {
  /** Stays the same: sections of the page are found by it. */
  name: string
  /** By which `--work` chooses it. */
  group: 'noop' | 'cpu' | 'io' | 'skew' | 'latency'
  handler: 'noop' | 'cpu' | 'sleep' | 'latency'
  messages: number
  valueBytes: number
  /** Of each program, where nobody says; the page takes no fewer. Default: {@link RUNS}. */
  runs?: number
  /** Exponent of Zipf over 1,000 keys; default: 10,000 keys in turn. */
  zipf?: number
  /** The first is what the others are compared with. */
  entries: readonly Entry[]
}

/** Fewer are no median. */
export const RUNS = 3
/** The slowest of a hundred messages differ more from run to run than their number in a second. */
export const LATENCY_RUNS = 5
const CORES = availableParallelism()
const IO = [
  { concurrency: 16, messages: 15_000 },
  { concurrency: 100, messages: 60_000 },
  { concurrency: 1_000, messages: 150_000 },
]
const IN_FLIGHT = 16
/** Where a poll or batch is given to many handlers at once: fewer mean more waits for the last one. */
const MANY_A_POLL = { 'max-poll-records': 5_000 }
const MANY_A_BATCH = { batch: 5_000 }
/** All partitions beside each other. */
const ALL_PARTITIONS = { partitions: 12 }

export const works: readonly Work[] = [
  noop(200, 8_000_000),
  noop(1_024, 4_000_000),
  cpu(),
  ...IO.map(({ concurrency, messages }) => io(concurrency, messages)),
  skew(),
  latency(),
]

/** Some four seconds of the fastest: runs of one are mostly about how a program starts, which compiles itself meanwhile. */
function noop(valueBytes: number, messages: number): Work {
  // Of slow ones so many as take them some eight seconds.
  const few = 800_000
  return {
    name: `noop-${valueBytes}`,
    group: 'noop',
    handler: 'noop',
    messages,
    valueBytes,
    entries: [
      { peer: 'zk', options: { threads: 1 }, note: 'speedup 1', order: 'key' },
      { peer: 'zk', options: { threads: 2 }, note: 'speedup 2', order: 'key' },
      { peer: 'zk', options: { threads: 4 }, note: 'speedup 4', order: 'key' },
      { peer: 'node-rdkafka', options: {}, note: '1 thread', order: 'partition' },
      { peer: 'kafkajs', options: {}, note: '1 thread', order: 'partition' },
      {
        peer: 'kafkajs-piscina',
        options: { threads: 2, concurrency: 64 },
        note: '2 threads, 64 tasks at once',
        order: 'none',
        messages: few,
      },
      { peer: 'java-client', options: {}, note: '1 thread', order: 'partition' },
      {
        peer: 'parallel-consumer',
        options: { concurrency: 16, batch: 50 },
        note: '16 threads, batches of 50',
        order: 'key',
        messages: few,
      },
    ],
  }
}

function cpu(): Work {
  return {
    name: 'cpu',
    group: 'cpu',
    handler: 'cpu',
    messages: 30_000,
    valueBytes: 200,
    entries: [
      { peer: 'zk', options: { threads: CORES }, note: `speedup ${CORES}`, order: 'key' },
      { peer: 'node-rdkafka', options: {}, note: '1 thread', order: 'partition' },
      { peer: 'kafkajs', options: {}, note: '1 thread', order: 'partition' },
      {
        peer: 'kafkajs-piscina',
        options: { threads: CORES, concurrency: CORES * 2 },
        note: `${CORES} threads, ${CORES * 2} tasks at once`,
        order: 'none',
      },
      { peer: 'java-client', options: {}, note: '1 thread', order: 'partition' },
      {
        peer: 'java-client',
        options: { ...MANY_A_POLL, concurrency: CORES },
        note: `pool of ${CORES} threads`,
        order: 'none',
      },
      {
        peer: 'parallel-consumer',
        options: { concurrency: CORES * 2 },
        note: `${CORES * 2} threads`,
        order: 'key',
      },
    ],
  }
}

function io(concurrency: number, messages: number): Work {
  // With as many as these one batch has enough for all, and several take turns.
  const kafkajs = concurrency < 1_000 ? ALL_PARTITIONS : {}
  const note = `${concurrency.toLocaleString('en-US')} at once`
  return {
    name: `io-${concurrency}`,
    group: 'io',
    handler: 'sleep',
    messages,
    valueBytes: 200,
    entries: [
      { peer: 'zk', options: { concurrency }, note: `speedup 1, ${note}`, order: 'key' },
      { peer: 'node-rdkafka', options: { ...MANY_A_BATCH, concurrency }, note, order: 'none' },
      { peer: 'kafkajs', options: { ...kafkajs, concurrency }, note, order: 'none' },
      { peer: 'kafkajs-piscina', options: { concurrency, threads: 2 }, note: `2 threads, ${note}`, order: 'none' },
      { peer: 'java-client', options: { ...MANY_A_POLL, concurrency }, note: `pool of ${note}`, order: 'none' },
      { peer: 'parallel-consumer', options: { concurrency }, note, order: 'key' },
    ],
  }
}

function skew(): Work {
  const note = `${IN_FLIGHT} at once`
  const concurrency = IN_FLIGHT
  return {
    name: 'skew',
    group: 'skew',
    handler: 'sleep',
    messages: 5_000,
    valueBytes: 200,
    zipf: 1,
    entries: [
      {
        peer: 'zk',
        options: { threads: IN_FLIGHT, concurrency, ordered: true },
        note: `speedup ${IN_FLIGHT}, affinity in-flight`,
        order: 'key',
      },
      {
        peer: 'kafkajs',
        options: { ...ALL_PARTITIONS, concurrency, ordered: true },
        note: `${note}, a chain for each key`,
        order: 'key',
      },
      { peer: 'parallel-consumer', options: { concurrency }, note, order: 'key' },
    ],
  }
}

function latency(): Work {
  return {
    name: 'latency',
    group: 'latency',
    handler: 'latency',
    messages: 8_000,
    valueBytes: 200,
    runs: LATENCY_RUNS,
    entries: [
      { peer: 'zk', options: {}, note: 'speedup 1', order: 'key' },
      { peer: 'node-rdkafka', options: { batch: 1 }, note: '`consume(1)`', order: 'partition' },
      { peer: 'kafkajs', options: {}, note: '1 thread', order: 'partition' },
      {
        peer: 'kafkajs-piscina',
        options: { threads: 2, concurrency: 64 },
        note: '2 threads, 64 tasks at once',
        order: 'none',
      },
      { peer: 'java-client', options: {}, note: '1 thread', order: 'partition' },
      { peer: 'parallel-consumer', options: { concurrency: 16 }, note: '16 threads', order: 'key' },
    ],
  }
}

/**
 * Loads the addon and ties it to the librdkafka that node-rdkafka loaded. Everything that can be wrong with the
 * installation is an error here, with a code, before any consumer is touched.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { NativeError } from './errors.js'
import type { NativeProducer } from './producer.js'

export interface Offset {
  topic: string
  partition: number
  offset?: number
  metadata?: string
}

export interface PartitionAnswer {
  topic: string
  partition: number
  /** librdkafka error code of this partition, 0 when there is none. */
  code: number
  offset: number | null
  metadata: string | null
}

/** What node-rdkafka's consumer or producer keeps as `_client`: the object that the addon unwraps. */
export type Client = object

export interface ReaderHandle {
  open(): number
  run(): void
  attach(topic: string, partition: number, slot: number): number
  detach(slot: number): void
  setPaused(slot: number, paused: boolean): void
  beginSeek(topic: string, partition: number): boolean
  endSeek(topic: string, partition: number): void
  /** @param id a number for `into`, not 0, which `take` tells with the block of this request */
  request(maxRecords: number, maxBytes: number, into?: ArrayBuffer, id?: number, inFlight?: Int32Array): void
  queued(slot: number): number
  position(slot: number): number
  /** `room`: the `id` of the request that the block answers; 0 without. `block`: memory of its own, if not in `into`. */
  take(): { block?: ArrayBuffer; room: number; events: unknown[] } | undefined
  close(): void
}

export interface ProducerHandle extends Omit<NativeProducer, 'close' | 'setToken'> {
  /** @param properties names and values in turn. @returns '' or why they are refused */
  open(properties: string[]): string
  /** @returns librdkafka's code */
  setToken(token: string): number
  close(onClosed: () => void): void
}

export interface MockClusterHandle {
  bootstrapServers(): string
  createTopic(name: string, partitions: number): number
  setGroupInitialRebalanceDelay(ms: number): void
  pushRequestErrors(apiKey: number, codes: number[]): void
  setBrokerUp(id: number, up: boolean): number
  setBrokerRoundTripTime(id: number, ms: number): number
  close(): void
}

type Answer = (code: number, partitions: PartitionAnswer[]) => void

interface Addon {
  nodeRdkafka: string
  librdkafka: string
  load(library: string): string
  errorText(code: number): string
  keyHash(key: Uint8Array): number
  exitNow(code: number): void
  Reader: new (client: Client, onReady: () => void, groups: number) => ReaderHandle
  Producer: new (onReady: () => void) => ProducerHandle
  MockCluster: new (brokers: number) => MockClusterHandle
  commit(client: Client, offsets: Offset[], timeoutMs: number, answer: Answer): void
  committed(client: Client, partitions: Offset[], timeoutMs: number, answer: Answer): void
  /** Each answer's metadata is its topic's id. */
  topicIds(client: Client, topics: Offset[], timeoutMs: number, answer: Answer): void
  /** Makes pending commit and committed calls of the client answer soon, with code −172. */
  cancelCalls(client: Client): void
  storeOffsets(client: Client, offsets: Offset[]): [number, PartitionAnswer[]]
  assignmentLost(client: Client): boolean | undefined
  memberId(client: Client): string | undefined
  /** @returns librdkafka's code; −172: it is not connected, is closing, or is just being locked */
  setToken(client: Client, token: string): number
}

const require = createRequire(import.meta.url)

function loadAddon(): Addon {
  const file = process.env.ZK_NATIVE_ADDON ?? '../build/Release/zk_native.node'
  try {
    return require(file) as Addon
  } catch (cause) {
    throw new NativeError(
      'ZK_NATIVE_NOT_BUILT',
      'The native reader is not built. Run `pnpm rebuild @zk/native` (or `npm rebuild @zk/native`), which needs python3, make and a C++20 compiler',
      { cause },
    )
  }
}

function load(): Addon {
  if (!isMainThread) throw new NativeError('ZK_NATIVE_MAIN_THREAD', '@zk/native works on the main thread only')
  // The same node-rdkafka that this package's dependents get: its library must be in the process first.
  require('node-rdkafka')
  const manifest = require.resolve('node-rdkafka/package.json')
  const installed = String((require(manifest) as { version: string }).version).replace(/^v/, '')
  const addon = loadAddon()
  if (installed !== addon.nodeRdkafka)
    throw new NativeError(
      'ZK_NATIVE_VERSION',
      `The native reader was compiled for node-rdkafka ${addon.nodeRdkafka}, but ${installed} is installed. Run \`pnpm rebuild @zk/native\` (or \`npm rebuild @zk/native\`)`,
    )
  const library = process.platform === 'darwin' ? 'librdkafka.1.dylib' : 'librdkafka.so.1'
  const problem = addon.load(join(dirname(manifest), 'build', 'deps', library))
  if (problem !== '') throw new NativeError('ZK_NATIVE_VERSION', `The native reader cannot be used: ${problem}`)
  return addon
}

export const addon = load()

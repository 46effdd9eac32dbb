/** Reads a topic from its beginning to where it ends now, in no group, and leaves nothing behind. */
import { setTimeout } from 'node:timers/promises'
import type { ConsumerProperties } from '../config/properties.js'
import { type CopiedRecord, copyRecord } from '../delivery/letter-of.js'
import { errors } from '../errors.js'
import type { Logger } from '../log/logger.js'
import { brokerError, standingError } from './broker-errors.js'
import { ClusterQueries, type PartitionEnd } from './cluster-queries.js'
import { connectedConsumer } from './connected-consumer.js'
import type { Credentials } from './credentials.js'
import { UNREACHABLE } from './error-codes.js'
import { loadNative, openReader } from './open-reader.js'
import type { Reader, ReadResult } from './reader.js'
import { BEGINNING } from './set-position.js'

const CONNECT_TIMEOUT_MS = 10_000
/** Nothing was read for so long: the brokers are gone. */
const SILENCE_MS = 30_000
const READ_RECORDS = 1_000
const READ_BYTES = 8 * 1024 * 1024

export interface ScannedRecord extends CopiedRecord {
  readonly partition: number
  readonly offset: number
}

export interface ScanOptions {
  topic: string
  bootstrapServers: readonly string[]
  properties: ConsumerProperties
  /** Open. */
  credentials?: Credentials
  reader: 'auto' | 'native' | 'portable'
  logger: Logger
}

/**
 * @yields the records of a partition in their order
 * @throws ZkError ZK_TOPIC_NOT_FOUND, or when no broker answers
 */
export async function* scanTopic(options: ScanOptions): AsyncGenerator<ScannedRecord> {
  const { topic, bootstrapServers, credentials, logger } = options
  const native = await loadNative(options.reader, logger)
  const { topic: topicProperties, global } = options.properties
  const properties = { topic: topicProperties, global: { ...global, 'enable.partition.eof': true } }
  const connecting = { properties, bootstrapServers, credentials, timeoutMs: CONNECT_TIMEOUT_MS }
  const { consumer, disconnect } = await connectedConsumer(connecting, native)
  let reader: Reader | undefined
  try {
    const cluster = new ClusterQueries(consumer, bootstrapServers)
    if ((await cluster.missing([topic])).length > 0) throw errors.ZK_TOPIC_NOT_FOUND([topic])
    const ends = await cluster.ends([topic])
    if (ends.length === 0) return
    const scan = new Scan(ends)
    reader = openReader(consumer, native, 1, () => scan.wake())
    for (const [slot, end] of ends.entries()) reader.attach(slot, end)
    consumer.assign(ends.map(({ partition }) => ({ topic, partition, offset: BEGINNING })))
    yield* scan.records(reader, bootstrapServers)
  } finally {
    await reader?.close()
    await disconnect()
  }
}

class Scan {
  readonly #ends: readonly PartitionEnd[]
  /** Partitions that were not read to their end yet. */
  readonly #open: Set<number>
  #woken: () => void = () => {}

  constructor(ends: readonly PartitionEnd[]) {
    this.#ends = ends
    this.#open = new Set(ends.keys())
  }

  wake(): void {
    this.#woken()
  }

  async *records(reader: Reader, bootstrapServers: readonly string[]): AsyncGenerator<ScannedRecord> {
    // A request stands until it has brought records; ends and errors come beside it.
    let isAsked = false
    while (this.#open.size > 0) {
      const ready = new Promise<boolean>((resolve) => {
        this.#woken = () => resolve(true)
      })
      if (!isAsked) reader.request(READ_RECORDS, READ_BYTES)
      isAsked = true
      let result = reader.take()
      const silence = new AbortController()
      const gaveUp = setTimeout(SILENCE_MS, false, { signal: silence.signal }).catch(() => false)
      if (result === undefined && !(await Promise.race([ready, gaveUp]))) {
        throw errors.ZK_BROKER_UNREACHABLE(bootstrapServers, `nothing could be read for ${SILENCE_MS} ms`)
      }
      silence.abort()
      result ??= reader.take()
      if (result === undefined) continue
      isAsked = result.batch === undefined
      yield* this.#recordsOf(result)
      for (const { slot } of result.ends) this.#open.delete(slot)
      for (const { code, message, fatal } of result.errors) {
        const standing = standingError(code, message)
        if (standing !== undefined) throw standing
        if (fatal || UNREACHABLE.has(code))
          throw brokerError(bootstrapServers, Object.assign(new Error(message), { code }))
      }
    }
  }

  *#recordsOf({ batch }: ReadResult): Generator<ScannedRecord> {
    for (let i = 0; batch !== undefined && i < batch.length; i++) {
      const slot = batch.slots[i]!
      const offset = batch.offsets[i]!
      const { partition, end } = this.#ends[slot]!
      // Written since the scan began.
      if (offset >= end) {
        this.#open.delete(slot)
        continue
      }
      yield { ...copyRecord(batch, i), partition, offset }
      if (offset === end - 1) this.#open.delete(slot)
    }
    batch?.release()
  }
}

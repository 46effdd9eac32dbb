/**
 * A producer client on node-rdkafka alone, where the addon is not built. node-rdkafka takes header values as text only and
 * says no codes in its reports, so:
 *
 * - a record with a header value that is null, or no text, is refused (`carries` tells beforehand);
 * - an empty key is written as it is, but the report of a failure has words, and a code only where the runtime needs one;
 * - connecting takes a thread of libuv's pool, which handlers may fill.
 */
import { isUtf8 } from 'node:buffer'
import Kafka, { type LibrdKafkaError, type Producer } from 'node-rdkafka'
import type { Properties } from '../config/properties.js'
import type { Credentials } from './credentials.js'
import { codeOf, ERR__FATAL, ERR__INVALID_ARG, ERR__QUEUE_FULL } from './error-codes.js'
import { atNextMetadata } from './metadata.js'
import type { ProducerClient, ProducerClientListener, RecordToSend } from './producer-client.js'
import { refusedProperty } from './refused-property.js'

const CONNECT_TIMEOUT_MS = 10_000
const POLL_MS = 10
const RECONNECT_MS = 1_000

/** Whether node-rdkafka writes a header value as it is. */
export function carries(value: Uint8Array | null): boolean {
  return value !== null && isUtf8(value) && !value.includes(0)
}

/** An empty Buffer that has no memory at all is written as null at times; this one has some. */
const EMPTY = Buffer.alloc(1).subarray(0, 0)

const toBuffer = (bytes: Uint8Array): Buffer => (bytes.length === 0 ? EMPTY : Buffer.from(bytes))

interface Report {
  opaque?: number
  partition: number
  offset: number
}

class PortableProducer implements ProducerClient {
  readonly made: Promise<void>
  readonly #kafka: Producer
  readonly #listener: ProducerClientListener
  #isConnected = false
  #isClosed = false
  readonly #tokens = new Set<number>()
  readonly #detach: () => void
  #isMade = false

  constructor(properties: Properties, listener: ProducerClientListener, credentials: Credentials | undefined) {
    this.#listener = listener
    this.#kafka = new Kafka.Producer({ ...properties, dr_cb: true, event_cb: true } as never)
    this.#kafka.on('delivery-report', (error, report) => this.#reported(error, report as unknown as Report))
    this.#kafka.on('event.error', (error) => {
      if (codeOf(error) === ERR__FATAL) listener.failed(error.message)
      else listener.erred(error)
    })
    this.#kafka.on('event.log', (event) => listener.log(event))
    this.#detach = credentials?.attachTo(this.#kafka, undefined) ?? (() => {})
    this.made = new Promise((resolve, reject) => {
      atNextMetadata(this.#kafka, (options, done) => {
        this.#isMade = true
        resolve()
        this.#kafka.getMetadata(options, done)
      })
      this.#connect((error) => reject(refusedProperty(error, properties)))
    })
  }

  send({ topic, partition, key, value, headers, timestamp }: RecordToSend, token: number): number {
    if (headers.some(([, one]) => !carries(one))) return ERR__INVALID_ARG
    // As when librdkafka's queue is full: it is tried again after the next report, or when it is connected.
    if (!this.#isConnected) return ERR__QUEUE_FULL
    const list = headers.map(([name, one]) => ({ [name]: Buffer.from(one!) }))
    try {
      this.#kafka.produce(
        topic,
        partition < 0 ? null : partition,
        value === null ? null : toBuffer(value),
        key === null ? null : toBuffer(key),
        timestamp < 0 ? null : timestamp,
        token,
        list.length === 0 ? undefined : list,
      )
    } catch (error) {
      return (error as LibrdKafkaError).code ?? ERR__INVALID_ARG
    }
    this.#tokens.add(token)
    return 0
  }

  /** node-rdkafka cannot; reports that come later find nobody. */
  purge(): void {
    for (const token of this.#tokens) this.#listener.reported(token, -1, true, -1, -1, 'given up')
    this.#tokens.clear()
    this.#listener.reportedAll()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#detach()
    // Whoever closes has flushed before, and node-rdkafka's own flush waits five seconds for a dead broker.
    if (this.#isConnected) await new Promise<void>((resolve) => this.#kafka.disconnect(1, () => resolve()))
  }

  /** @param refused librdkafka made no client of these properties, such as the path of a certificate that is not there */
  #connect(refused: (error: Error) => void): void {
    this.#kafka.connect({ timeout: CONNECT_TIMEOUT_MS }, (error) => {
      if (error && !this.#isMade) {
        refused(new Error(error.message))
        return
      }
      if (error) {
        setTimeout(() => !this.#isClosed && this.#connect(refused), RECONNECT_MS).unref()
        return
      }
      // Closed meanwhile. One that never connected has nothing to disconnect, and node-rdkafka throws then.
      if (this.#isClosed) {
        this.#kafka.disconnect()
        return
      }
      this.#isConnected = true
      this.#kafka.setPollInterval(POLL_MS)
      this.#listener.reportedAll()
    })
  }

  #reported(error: LibrdKafkaError | null, { opaque, partition, offset }: Report): void {
    if (opaque === undefined || !this.#tokens.delete(opaque)) return
    if (error === null) this.#listener.reported(opaque, 0, false, partition, offset)
    else this.#listener.reported(opaque, codeOf({ message: error.message }) ?? -1, true, partition, -1, error.message)
    this.#listener.reportedAll()
  }
}

/** @throws ZkError ZK_CONFIG_UNKNOWN_PROPERTY */
export function openPortableProducer(
  properties: Properties,
  listener: ProducerClientListener,
  credentials?: Credentials,
): ProducerClient {
  try {
    return new PortableProducer(properties, listener, credentials)
  } catch (error) {
    throw refusedProperty(error as Error, properties)
  }
}

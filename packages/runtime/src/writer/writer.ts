/**
 * Writes records to one topic, in the order in which they are given.
 *
 * The way of a record: it is checked and encoded where `write` was called, counted, and handed to a producer of the writer's own,
 * whose report settles the promise. While the producer is not there yet, or the format has to fetch a schema, records wait here
 * in their order, and so do all behind them.
 *
 * A write that is not awaited takes the main thread 2 µs with the addon (values of 200 bytes, mock brokers, `pnpm bench writer`).
 */
import type { Format, FormatPlace } from '@zk/formats'
import { checkTimeout } from '../config/call-options.js'
import type { Properties } from '../config/properties.js'
import type { WriterConfig } from '../config/writer-config.js'
import { errors } from '../errors.js'
import { MainThread } from '../health/main-thread.js'
import { replacing } from '../hooks/added-headers.js'
import { openWriteHooks, type WriteHooks } from '../hooks/write-hooks.js'
import { Credentials } from '../kafka/credentials.js'
import { CUT_OFF_MS } from '../kafka/cut-off.js'
import type { DeliveryError } from '../kafka/delivery-error.js'
import { ERR__MSG_TIMED_OUT, RECORD_REFUSED, UNAUTHENTICATED } from '../kafka/error-codes.js'
import { createProducer, type DeliveryListener, type ProducerChannel } from '../kafka/producer.js'
import { keptRecord, type RecordToSend } from '../kafka/producer-client.js'
import type { Logger } from '../log/logger.js'
import { bytesOf, headersOf, partitionOf, shownPart, timestampOf } from '../outgoing-parts.js'
import type { OutgoingHeaders, SentRecord } from '../processor-types.js'
import { roughSize } from '../rough-size.js'
import { openTracing, type Tracing } from '../tracing/tracing.js'
import type { Transport, WriterProducer } from '../transport.js'
import type { ZkError } from '../zk-error.js'
import { OutstandingWrites, type Write } from './outstanding-writes.js'

/** What librdkafka may take beyond a record's deadline to say that it has passed: it looks once a second. */
const LATE_MS = 2_000
/** How long `close` waits for what is outstanding, in milliseconds, as long as there are brokers. */
const CLOSE_MS = 30_000
/** How often it looks whether there are. */
const LOOK_MS = 100
/** Held writes that are dealt with are let go of so many at a time. */
const DROPPED_AT = 1_000

type Bytes = Uint8Array | string

export interface WriteOptions {
  /** An object; or pairs, whose names may repeat, such as `message.headers`. */
  headers?: OutgoingHeaders
  /** Default: by the key, as the writer's `partitioner` says; any one for a null key. */
  partition?: number
  /** Milliseconds since 1970. Default: the time of writing. */
  timestamp?: number
}

interface HeldWrite {
  readonly write: Write
  /** Or, where the format was not ready to encode it, how it is made once that is. */
  readonly record: RecordToSend | { prepared: Promise<void>; encode(): RecordToSend }
}

/** A value that is to be encoded. */
interface Formatted<V> {
  readonly format: Format<V>
  readonly value: V
}

export interface WriterParts {
  config: WriterConfig
  properties: Properties
  logger: Logger
  /** Default: Kafka. */
  transport?: Transport
}

const invalid = errors.ZK_WRITE_INVALID

/** @typeParam V what `write` takes: what the format encodes; without one a Buffer or a text */
export class Writer<V = Bytes> implements DeliveryListener {
  readonly topic: string
  readonly #parts: WriterParts
  readonly #format: Format<V> | undefined
  readonly #place: FormatPlace
  readonly #outstanding: OutstandingWrites
  readonly #credentials: Credentials
  /** Undefined where no hook is about writes. */
  readonly #hooks: WriteHooks | undefined
  /** Undefined where no traces are wanted. */
  readonly #tracing: Tracing | undefined
  #opening: Promise<WriterProducer> | undefined
  #opened: { producer: WriterProducer; channel: ProducerChannel } | undefined
  /** In order; nothing passes them. */
  #held: HeldWrite[] = []
  #isPumping = false
  /** By token. One that was given up keeps its token until its report comes. */
  readonly #byToken: (Write | undefined)[] = []
  readonly #freeTokens: number[] = []
  #closing: Promise<void> | undefined

  /** Made by `client.writer`. */
  constructor(parts: WriterParts) {
    const { config, properties, logger } = parts
    this.#parts = parts
    this.topic = config.topic
    // The types of `client.writer` say so.
    this.#format = config.format as Format<V> | undefined
    this.#place = { topic: config.topic, part: 'value' }
    this.#credentials = new Credentials(config, logger)
    const mainThread = new MainThread(logger)
    const { hooks, tracer, propagator } = config
    this.#hooks = openWriteHooks({ hooks, groupId: undefined, mainThread })
    this.#tracing = openTracing({
      ...{ tracer, propagator, clientId: String(properties['client.id']) },
      failed: (error) => mainThread.failedElsewhere('tracer', error, 1, { topic: config.topic }),
    })
    this.#outstanding = new OutstandingWrites({
      topic: config.topic,
      records: config.maxOutstandingRecords,
      bytes: config.maxOutstandingBytes,
      timeoutMs: config.deliveryTimeoutMs + LATE_MS,
      timedOut: ({ isHanded }) =>
        this.#failure({
          code: ERR__MSG_TIMED_OUT,
          message: `nobody answered within ${config.deliveryTimeoutMs} ms (deliveryTimeoutMs)`,
          mayBeWritten: isHanded,
        }),
    })
  }

  /**
   * Writes a record without a key.
   *
   * @param value null is a tombstone
   * @returns where it is, once as many brokers have it as `requestRequiredAcks` says. Rejects with ZK_WRITE_FAILED, ZK_BROKER_AUTH
   *   when brokers refuse a writer that they never took, ZK_WRITE_INVALID, ZK_WRITE_OVERFLOW, ZK_WRITER_CLOSED, or the error of the format
   */
  write(value: V | null, options?: WriteOptions): Promise<SentRecord> {
    return this.writeKey(null, value, options)
  }

  /**
   * Writes a record with a key, which chooses its partition: records of one key stay in order.
   *
   * @param key text is written as UTF-8; null: no key
   * @param value null is a tombstone
   * @returns as `write`
   */
  writeKey(key: Bytes | null, value: V | null, options?: WriteOptions): Promise<SentRecord> {
    const format = this.#format
    if (value === null || format === undefined) return this.writeRaw(key, value as Bytes | null, options)
    return this.#write(key, options, () => format.encode(value, this.#place), { format, value })
  }

  /**
   * Writes bytes as they are, past the format.
   *
   * @param value null is a tombstone
   * @returns as `write`
   */
  writeRaw(key: Bytes | null, value: Bytes | null, options?: WriteOptions): Promise<SentRecord> {
    return this.#write(key, options, () => bytesOf('value', value, invalid), undefined)
  }

  /** Writes that are not answered yet. */
  get outstanding(): number {
    return this.#outstanding.count
  }

  /**
   * Resolves when less than half of what may be outstanding is, which is at once as long as the brokers keep up: for loops that
   * do not await each write.
   */
  get ready(): Promise<void> {
    return this.#outstanding.ready
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  /**
   * Waits for what was written so far.
   *
   * @param timeoutMs default: as long as it takes, which `deliveryTimeoutMs` bounds
   * @returns whether all of it is answered, whatever the answers are
   * @throws ZkError ZK_CONFIG_INVALID for a time that is none
   */
  async flush(timeoutMs = this.#parts.config.deliveryTimeoutMs + 2 * LATE_MS): Promise<boolean> {
    checkTimeout('flush', timeoutMs)
    return this.#outstanding.flush(timeoutMs)
  }

  /**
   * Waits for what is outstanding, fails what is left, and disconnects. What is written from now on is refused. Idempotent.
   * A writer that has written keeps the process alive until then.
   *
   * @param timeoutMs of the wait; default 30,000, but 2,000 while all brokers are gone. A time that is given is waited in any case
   * @throws ZkError ZK_CONFIG_INVALID for a time that is none: nothing is closed then
   */
  async close(timeoutMs?: number): Promise<void> {
    if (timeoutMs !== undefined) checkTimeout('close', timeoutMs)
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  delivered(token: number, error: DeliveryError | undefined, partition: number, offset: number): void {
    const write = this.#byToken[token]!
    this.#byToken[token] = undefined
    this.#freeTokens.push(token)
    this.#hooks?.acked(
      'write',
      this.topic,
      write.sentAt,
      error,
      partition,
      error === undefined ? Math.max(offset, -1) : -1,
    )
    // Of what nobody acknowledges librdkafka has another number that is no offset.
    if (error === undefined) this.#outstanding.succeeded(write, { partition, offset: Math.max(offset, -1) })
    else this.#outstanding.failed(write, this.#failure(error))
  }

  #write(
    key: Bytes | null,
    options: WriteOptions | undefined,
    encodeValue: () => Uint8Array | null,
    formatted: Formatted<V> | undefined,
  ): Promise<SentRecord> {
    const encode = () => this.#record(key, encodeValue(), options)
    return new Promise((resolve, reject) => {
      const span = this.#tracing?.startWrite(this.topic, options?.partition)
      // What is thrown here rejects.
      if (span === undefined) {
        this.#begin(encode, formatted, resolve, reject)
        return
      }
      const failed = (error: unknown) => {
        span.failed(error)
        reject(error)
      }
      const acknowledged = (sent: SentRecord) => {
        span.acknowledged(sent)
        resolve(sent)
      }
      try {
        this.#begin(() => span.headed(encode()), formatted, acknowledged, failed)
      } catch (error) {
        failed(error)
      }
    })
  }

  /** @throws what is wrong with the write */
  #begin(
    encode: () => RecordToSend,
    formatted: Formatted<V> | undefined,
    resolve: (sent: SentRecord) => void,
    reject: (error: Error) => void,
  ): void {
    if (this.#closing !== undefined) throw errors.ZK_WRITER_CLOSED(this.topic)
    this.#outstanding.checkRoom()
    const prepared = formatted?.format.prepareEncode?.(this.#place)
    if (prepared !== undefined) {
      // Heard of when it is this record's turn.
      prepared.catch(() => {})
      const write = this.#outstanding.begin(resolve, reject)
      this.#outstanding.weigh(write, roughSize(formatted!.value))
      this.#hold({ write, record: { prepared, encode } })
      return
    }
    const record = encode()
    const write = this.#outstanding.begin(resolve, reject)
    this.#outstanding.weigh(write, sizeOf(record))
    if (this.#opened !== undefined && this.#held.length === 0) this.#send(record, write)
    else this.#hold({ write, record: keptRecord(record) })
  }

  #record(key: Bytes | null, value: Uint8Array | null, given: WriteOptions | undefined): RecordToSend {
    const options = given ?? {}
    if (typeof options !== 'object') throw invalid('options', shownPart(options), 'an object, or nothing')
    return {
      topic: this.topic,
      partition: partitionOf(options.partition, invalid),
      key: bytesOf('key', key, invalid),
      value,
      headers: headersOf(options.headers, invalid),
      timestamp: timestampOf(options.timestamp, invalid),
    }
  }

  #send(record: RecordToSend, write: Write): void {
    const hooked = this.#hooks === undefined ? record : this.#hooked(this.#hooks, record, write)
    const token = this.#freeTokens.pop() ?? this.#byToken.length
    this.#byToken[token] = write
    write.isHanded = true
    this.#opened!.channel.send(hooked, token)
  }

  /** With the headers that `preWrite` adds. */
  #hooked(hooks: WriteHooks, record: RecordToSend, write: Write): RecordToSend {
    const added = hooks.before('write', record, this.#opened!.producer)
    write.sentAt = performance.now()
    this.#outstanding.weigh(write, headersSize(added))
    return { ...record, headers: replacing(record.headers, added) }
  }

  #hold(held: HeldWrite): void {
    this.#held.push(held)
    if (this.#isPumping) return
    this.#isPumping = true
    void this.#pump()
  }

  /** One held write after the other, until there is none. */
  async #pump(): Promise<void> {
    try {
      await this.#open()
      // Not shifted one by one: a hundred thousand may wait for the producer.
      for (let done = 0; done < this.#held.length; ) {
        const { write, record } = this.#held[done++]!
        if (!write.isSettled) await this.#sendHeld(write, record)
        if (done < DROPPED_AT) continue
        this.#held.splice(0, done)
        done = 0
      }
    } catch (error) {
      // Without a producer none of them can be written; the next write tries again.
      for (const { write } of this.#held) this.#outstanding.failed(write, error as Error)
    }
    this.#held = []
    this.#isPumping = false
  }

  async #sendHeld(write: Write, held: HeldWrite['record']): Promise<void> {
    if (!('prepared' in held)) {
      this.#send(held, write)
      return
    }
    try {
      await held.prepared
      const record = held.encode()
      if (write.isSettled) return
      // In place of what it was taken to be.
      this.#outstanding.weigh(write, sizeOf(record) - write.bytes)
      this.#send(record, write)
    } catch (error) {
      this.#outstanding.failed(write, error as Error)
    }
  }

  /** @throws ZkError ZK_NATIVE_NOT_BUILT, ZK_CONFIG_UNKNOWN_PROPERTY */
  async #open(): Promise<void> {
    if (this.#opened !== undefined) return
    const { config, properties, logger, transport } = this.#parts
    const open = transport?.openProducer ?? createProducer
    const options = { properties, credentials: this.#credentials, client: config.producer, logger }
    this.#opening = this.#credentials.open().then(() => open(options))
    const producer = await this.#opening
    await producer.connect()
    this.#opened = { producer, channel: producer.channel(this) }
  }

  async #close(timeoutMs: number | undefined): Promise<void> {
    const isAnswered = timeoutMs === undefined ? await this.#flushToBrokers() : await this.#outstanding.flush(timeoutMs)
    if (!isAnswered) {
      for (const { write } of this.#held) this.#outstanding.failed(write, errors.ZK_WRITER_CLOSED(this.topic))
    }
    const producer = await this.#opening?.catch(() => undefined)
    // What it has not sent by now fails, which is reported before it is closed.
    await producer?.close(0)
    this.#credentials.close()
    this.#outstanding.failAll(() => errors.ZK_WRITER_CLOSED(this.topic))
  }

  /** Waits for what is outstanding as long as there are brokers that may take it. @returns whether all of it is answered */
  async #flushToBrokers(): Promise<boolean> {
    const until = performance.now() + CLOSE_MS
    let aloneSince: number | undefined
    for (;;) {
      if (await this.#outstanding.flush(LOOK_MS)) return true
      const now = performance.now()
      aloneSince = this.#opened?.producer.isCutOff === true ? (aloneSince ?? now) : undefined
      if (now >= until || (aloneSince !== undefined && now - aloneSince >= CUT_OFF_MS)) return false
    }
  }

  #failure({ code, message, mayBeWritten }: DeliveryError): ZkError {
    if (UNAUTHENTICATED.has(code)) return errors.ZK_BROKER_AUTH(message)
    return errors.ZK_WRITE_FAILED(this.topic, message, code, { retryable: !RECORD_REFUSED.has(code), mayBeWritten })
  }
}

function sizeOf({ key, value, headers }: RecordToSend): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + headersSize(headers)
}

function headersSize(headers: RecordToSend['headers']): number {
  let size = 0
  for (const [name, one] of headers) size += name.length + (one?.length ?? 0)
  return size
}

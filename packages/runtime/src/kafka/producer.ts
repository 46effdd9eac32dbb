/**
 * A producer: a work's one for its dead letters and outputs, and each writer's own.
 *
 * Every `send` is answered once by its channel's listener, in a later turn: acknowledged, or not and why. There is no promise
 * and no closure for a record: a token, a number of the caller's, goes with it and comes back. A send takes the main thread
 * 2 µs with the addon, 3 with two headers (values of 200 bytes, mock brokers). There is no timer: librdkafka wakes the main
 * thread when it has reports.
 *
 * A fatal error (a producer id that the brokers forgot, rights that were taken away) is the end of a client of librdkafka's.
 * Then what is outstanding fails, and the next send makes a new client, at most one a second. The order of two
 * records of one partition is kept while both belong to one client and neither fails: who needs more waits for the reports.
 */
import type { Properties } from '../config/properties.js'
import type { Logger } from '../log/logger.js'
import type { Credentials } from './credentials.js'
import { CutOff } from './cut-off.js'
import type { DeliveryError } from './delivery-error.js'
import { ERR__FATAL, ERR__PURGE_QUEUE, ERR__QUEUE_FULL, ERR__STATE } from './error-codes.js'
import { ErrorLog } from './error-log.js'
import { librdkafkaLog } from './librdkafka-log.js'
import { openNativeProducer } from './native-producer.js'
import { loadNative, type Native } from './open-reader.js'
import { carries, openPortableProducer } from './portable-producer.js'
import { keptRecord, type ProducerClient, type ProducerClientListener, type RecordToSend } from './producer-client.js'
import { type Refusal, refusalIn } from './refusal.js'

export type { RecordToSend } from './producer-client.js'

/** A client that has failed is not replaced sooner. */
const REBUILD_MS = 1_000
/**
 * Another broker may take a client that one has refused, or the same one a moment later. One that was never taken, and not within this,
 * is not waited for.
 */
const REFUSED_MS = 2_000
/** How long a purge may take to be reported. */
const PURGE_MS = 1_000
/** Room for so many channels in a token. */
const MAX_CHANNELS = 8

export interface DeliveryListener {
  /**
   * @param error undefined when the brokers have acknowledged the record
   * @param partition where it is, or where it should have gone; −1 when that was not decided
   * @param offset −1 when it was not acknowledged
   */
  delivered(token: number, error: DeliveryError | undefined, partition: number, offset: number): void
}

/** One user's way in. */
export interface ProducerChannel {
  /** @param token a whole number from 0 to 2^50 − 1 */
  send(record: RecordToSend, token: number): void
}

export interface ProducerOptions {
  /** librdkafka's: `producerProperties`. */
  properties: Properties
  /** Open, before `connect` and the first `send`. */
  credentials?: Credentials
  /** As for reading; `auto` is the addon where it is built. */
  client: 'auto' | 'native' | 'portable'
  logger: Logger
}

interface Waiting {
  readonly record: RecordToSend
  readonly token: number
}

/** Loads the addon and connects to nothing yet. @throws ZkError ZK_NATIVE_NOT_BUILT */
export async function createProducer(options: ProducerOptions): Promise<Producer> {
  return new Producer(options, await loadNative(options.client, options.logger))
}

export class Producer {
  readonly #options: ProducerOptions
  readonly #native: Native | undefined
  readonly #errorLog: ErrorLog
  readonly #cutOff = new CutOff()
  readonly #channels: DeliveryListener[] = []
  #client: ProducerClient | undefined
  /** Of the latest client. */
  #madeAt = Number.NEGATIVE_INFINITY
  #broken: { code: number; message: string } | undefined
  /** A broker has taken a record, so that it knew this client. */
  #wasTaken = false
  #patience: NodeJS.Timeout | undefined
  /** Accepted by librdkafka, and not reported yet. */
  #outstanding = 0
  /** For which librdkafka's queue had no room, in order. */
  #waiting: Waiting[] = []
  /** Refused at once; told in a later turn. */
  #refused: [token: number, error: DeliveryError][] = []
  #flushes: (() => void)[] = []
  #closing: Promise<void> | undefined
  /** Few codes, many records: no object for each. */
  readonly #errors = new Map<string, DeliveryError>()

  /** Made by `createProducer`. */
  constructor(options: ProducerOptions, native: Native | undefined) {
    this.#options = options
    this.#native = native
    this.#errorLog = new ErrorLog(options.logger, String(options.properties['client.id']))
  }

  channel(listener: DeliveryListener): ProducerChannel {
    if (this.#channels.length === MAX_CHANNELS) throw new RangeError(`a producer has at most ${MAX_CHANNELS} channels`)
    const number = this.#channels.push(listener) - 1
    return { send: (record, token) => this.#send(record, token * MAX_CHANNELS + number) }
  }

  /** Another one like it, with these properties besides. It is closed by whoever asked for it. */
  sibling(properties: Properties): Producer {
    return new Producer({ ...this.#options, properties: { ...this.#options.properties, ...properties } }, this.#native)
  }

  /** Whether header values may be null or bytes that are no text. */
  get carriesAnyHeader(): boolean {
    return this.#native !== undefined
  }

  /** Whether a header value is written as it is; a record with one that is not is refused. */
  carries(value: Uint8Array | null): boolean {
    return this.carriesAnyHeader || carries(value)
  }

  /** Since its fatal error, until the next `send` or `connect` makes a new client. */
  get isBroken(): boolean {
    return this.#broken !== undefined
  }

  /** librdkafka's queue has no room: what is sent now waits here, so better wait with it. */
  get isFull(): boolean {
    return this.#waiting.length > 0
  }

  /** Whether all brokers are gone, as far as anybody knows. */
  get isCutOff(): boolean {
    return this.#cutOff.isCutOff
  }

  /** Sends that are not answered yet. */
  get outstanding(): number {
    return this.#outstanding + this.#waiting.length + this.#refused.length
  }

  /**
   * Makes the client, which the first send does otherwise. Does not wait for brokers.
   * @throws ZkError ZK_CONFIG_UNKNOWN_PROPERTY
   */
  async connect(): Promise<void> {
    await this.#made().made
  }

  /** @returns whether everything is answered; false when it takes longer than `timeoutMs` */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.outstanding === 0) return true
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        resolve(this.outstanding === 0)
      }
      const timer = setTimeout(() => {
        this.#flushes.splice(this.#flushes.indexOf(done), 1)
        done()
      }, timeoutMs)
      this.#flushes.push(done)
    })
  }

  /** Sends what is outstanding, for at most `timeoutMs`, then fails what is left and lets go of librdkafka. Idempotent. */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<void> {
    if (!(await this.flush(timeoutMs))) {
      for (const { token } of this.#waiting.splice(0)) this.#refuse(token, ERR__PURGE_QUEUE)
      this.#client?.purge()
      await this.flush(PURGE_MS)
    }
    clearTimeout(this.#patience)
    await this.#client?.close()
  }

  #send(record: RecordToSend, token: number): void {
    if (this.#closing !== undefined) this.#refuse(token, ERR__STATE)
    else if (this.#waiting.length > 0 || !this.#hand(record, token)) {
      // Its bytes are the caller's, who may change them from now on.
      this.#waiting.push({ record: keptRecord(record), token })
    }
  }

  /** @returns whether it is dealt with; false when there is no room for it */
  #hand(record: RecordToSend, token: number): boolean {
    if (this.#client === undefined) {
      const isSoon = this.#broken !== undefined && performance.now() - this.#madeAt < REBUILD_MS
      if (isSoon) {
        this.#refuse(token, this.#broken!.code, this.#broken!.message)
        return true
      }
    }
    let client: ProducerClient
    try {
      client = this.#made()
    } catch (error) {
      // It had one, which failed, and another cannot be made now: told to each record, and tried again like any failure.
      this.#broken = { code: ERR__FATAL, message: (error as Error).message }
      this.#refuse(token, ERR__FATAL, this.#broken.message)
      return true
    }
    const code = client.send(record, token)
    if (code === ERR__QUEUE_FULL) return false
    if (code === 0) this.#outstanding++
    else this.#refuse(token, code)
    return true
  }

  #refuse(token: number, code: number, words?: string): void {
    if (this.#refused.push([token, this.#error(code, false, words)]) > 1) return
    queueMicrotask(() => {
      for (const [refused, error] of this.#refused.splice(0)) this.#answer(refused, error, -1, -1)
      this.#settled()
    })
  }

  /** The client, made now if there is none. @throws ZkError ZK_CONFIG_UNKNOWN_PROPERTY, from the addon */
  #made(): ProducerClient {
    if (this.#client !== undefined) return this.#client
    this.#madeAt = performance.now()
    this.#broken = undefined
    const client = this.#open()
    this.#client = client
    // Whoever connects is told by that; whoever only sends, by each record.
    client.made.catch((error: Error) => this.#giveUp(client, ERR__FATAL, error.message))
    return client
  }

  #open(): ProducerClient {
    /** What a client that was refused is purged of is told why. */
    let refused: Refusal | undefined
    const listener: ProducerClientListener = {
      reported: (token, code, mayBeWritten, partition, offset, words) => {
        this.#outstanding--
        if (code === 0) {
          this.#cutOff.answered()
          this.#wasTaken = true
        }
        const error =
          code === 0 ? undefined : this.#error(refused?.code ?? code, mayBeWritten, refused?.message ?? words)
        this.#answer(token, error, partition, error === undefined ? offset : -1)
      },
      reportedAll: () => this.#settled(),
      log: (event) => {
        const { level, fields, message } = librdkafkaLog(event, String(this.#options.properties['client.id']))
        this.#options.logger[level](fields, message)
        const refusal = refusalIn(event)
        if (refusal === undefined || this.#wasTaken || this.#patience !== undefined) return
        this.#patience = setTimeout(() => {
          this.#patience = undefined
          // With a token that has ended, and another asked for: it passes like a broker that is away.
          if (this.#wasTaken || this.#client !== client || this.#options.credentials?.areStale) return
          refused = refusal
          this.#giveUp(client, refusal.code, refusal.message)
        }, REFUSED_MS)
      },
      erred: (error) => {
        this.#cutOff.hear(error)
        this.#errorLog.write(error)
      },
      failed: (message) => this.#failed(client, message),
    }
    const { properties, credentials } = this.#options
    const client =
      this.#native === undefined
        ? openPortableProducer(properties, listener, credentials)
        : openNativeProducer(this.#native, properties, listener, credentials)
    return client
  }

  #failed(client: ProducerClient, message: string): void {
    if (this.#client !== client) return
    this.#options.logger.error(
      { clientId: this.#options.properties['client.id'], reason: message },
      'The producer failed for good; another one takes its place with the next record',
    )
    this.#giveUp(client, ERR__FATAL, message)
  }

  /** What the client still has is reported as failed. */
  #giveUp(client: ProducerClient, code: number, message: string): void {
    this.#client = undefined
    this.#broken = { code, message }
    for (const { token } of this.#waiting.splice(0)) this.#refuse(token, code, message)
    client.purge()
    // Behind the reports of the purge, which come on another thread.
    void this.flush(PURGE_MS).then(() => client.close())
  }

  #answer(token: number, error: DeliveryError | undefined, partition: number, offset: number): void {
    this.#channels[token % MAX_CHANNELS]!.delivered(Math.floor(token / MAX_CHANNELS), error, partition, offset)
  }

  /** There may be room again, and a flush may be done. */
  #settled(): void {
    let handed = 0
    while (handed < this.#waiting.length && this.#hand(this.#waiting[handed]!.record, this.#waiting[handed]!.token))
      handed++
    if (handed > 0) this.#waiting.splice(0, handed)
    if (this.outstanding > 0) return
    for (const done of this.#flushes.splice(0)) done()
  }

  #error(code: number, mayBeWritten: boolean, words?: string): DeliveryError {
    const key = `${code} ${mayBeWritten} ${words ?? ''}`
    let error = this.#errors.get(key)
    if (error === undefined) {
      error = { code, message: words ?? this.#native?.errorText(code) ?? `librdkafka error ${code}`, mayBeWritten }
      this.#errors.set(key, error)
    }
    return error
  }
}

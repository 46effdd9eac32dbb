/**
 * What handlers of one thread send by `ctx.send`: packed, posted to the main thread together, and answered when the
 * brokers have acknowledged it or will not.
 *
 * The sends of one turn of the event loop are one message. At most `MAX_POSTED` of them, and so many bytes, are on their way
 * at a time, which bounds what the main thread holds; the rest waits here, and with it the handlers that await it.
 */
import type { Format, FormatPlace } from '@zk/formats'
import { errors } from '../errors.js'
import type { OutgoingRecord, SentRecord } from '../processor-types.js'
import { roughSize } from '../rough-size.js'
import { addressOutgoing, packOutgoing, withValue } from './outgoing-record.js'
import type { SendError } from './protocol.js'
import { packSends, readReports, type SendReport } from './send-batch.js'

const MAX_POSTED = 10_000
const MAX_POSTED_BYTES = 16 * 1024 * 1024
/** Of one delivery, without an acknowledgement: a handler that never awaits must not fill the memory. */
const MAX_UNANSWERED = 100_000
const MAX_UNANSWERED_BYTES = 256 * 1024 * 1024

interface PendingSend {
  readonly delivery: DeliverySends
  readonly topic: string
  readonly size: number
  /** Undefined once posted. */
  packed: Buffer | undefined
  resolve(sent: SentRecord): void
  reject(error: Error): void
}

/** The sends of one delivery; made with its first. */
export class DeliverySends {
  readonly #outbox: Outbox
  readonly #ticket: number
  readonly #sequence: number
  /** By id. */
  readonly #pending = new Set<number>()
  /** What waits to be encoded, by the function that rejects it. */
  readonly #waiting = new Set<(error: Error) => void>()
  /** Resolves when the last of these has been encoded, or cannot be. */
  #encoding: Promise<void> | undefined
  #bytes = 0
  #failure: Error | undefined
  #refusal: Error | undefined
  #handlerEnded = false
  #settled: ((failure: Error | undefined) => void) | undefined

  constructor(outbox: Outbox, ticket: number, sequence: number) {
    this.#outbox = outbox
    this.#ticket = ticket
    this.#sequence = sequence
  }

  send(topic: string, record: OutgoingRecord): Promise<SentRecord> {
    if (this.#handlerEnded) throw errors.ZK_SEND_TOO_LATE(String(topic))
    const packed = packOutgoing(topic, record)
    // In the order of the calls.
    if (this.#encoding !== undefined) return this.#later(topic, packed.length, () => this.#add(topic, packed))
    return this.#add(topic, packed)
  }

  /**
   * The value is encoded now where nothing has to be fetched for that, and nothing before it waits for such.
   * @param open called with the format, before anything else of it
   */
  sendEncoded(
    topic: string,
    record: OutgoingRecord<unknown>,
    format: Format<unknown>,
    open: (format: Format<unknown>) => void,
  ): Promise<SentRecord> {
    if (this.#handlerEnded) throw errors.ZK_SEND_TOO_LATE(String(topic))
    // All but the value, which may be encoded later, when the handler has changed its Buffers.
    const packed = packOutgoing(topic, { ...record, value: null })
    if (this.#refusal !== undefined) return this.#refuse(this.#refusal)
    const place: FormatPlace = { topic, part: 'value' }
    const add = () =>
      this.#add(topic, record.value === null ? packed : withValue(packed, format.encode(record.value, place)))
    try {
      if (record.value !== null) open(format)
      const pending = record.value === null ? undefined : format.prepareEncode?.(place)
      if (pending === undefined && this.#encoding === undefined) return add()
      return this.#later(topic, packed.length + roughSize(record.value), add, pending)
    } catch (error) {
      return this.#refuse(error as Error)
    }
  }

  /** Once this format is ready, and what was sent before has been encoded. The delivery has not ended until then. */
  #later(topic: string, size: number, add: () => Promise<SentRecord>, pending?: Promise<void>): Promise<SentRecord> {
    // It may reject while another is waited for first, or when there is no room for it.
    pending?.catch(ignore)
    this.#checkRoom(topic, size)
    const ready = this.#encoding === undefined ? Promise.resolve(pending) : this.#encoding.then(() => pending)
    const sent = new Promise<SentRecord>((resolve, reject) => {
      this.#waiting.add(reject)
      this.#bytes += size
      const settle = (step: () => void) => {
        if (!this.#waiting.delete(reject)) return
        this.#bytes -= size
        if (this.#waiting.size === 0) this.#encoding = undefined
        try {
          step()
        } catch (error) {
          this.#failure ??= error as Error
          reject(error as Error)
        }
        if (this.#isAnswered) this.#finish()
      }
      const failed = (error: unknown) => {
        throw error
      }
      ready.then(
        () => settle(() => resolve(add())),
        (error: unknown) => settle(() => failed(error)),
      )
    })
    this.#encoding = ready.then(ignore, ignore)
    return unwatched(sent)
  }

  #add(topic: string, packed: Buffer): Promise<SentRecord> {
    if (this.#refusal !== undefined) return this.#refuse(this.#refusal)
    this.#checkRoom(topic, packed.length)
    const sent = new Promise<SentRecord>((resolve, reject) => {
      const size = packed.length
      const id = this.#outbox.add({ delivery: this, topic, size, packed, resolve, reject })
      addressOutgoing(packed, id, this.#ticket, this.#sequence)
      this.#pending.add(id)
      this.#bytes += size
    })
    return unwatched(sent)
  }

  /** The handler has ended: nothing may be sent any more. @param settled called once everything is answered */
  end(settled: (failure: Error | undefined) => void): void {
    this.#handlerEnded = true
    if (this.#isAnswered) settled(this.#failure)
    else this.#settled = settled
  }

  /** The handler should give up: what it sends from now on is refused, and nobody waits for answers. What was posted may be written. */
  abandon(why: Error): void {
    this.#refusal = why
    if (this.#isAnswered) return
    for (const reject of this.#waiting) reject(why)
    this.#waiting.clear()
    this.#encoding = undefined
    for (const id of [...this.#pending]) this.#outbox.forget(id)?.reject(why)
    this.#pending.clear()
    this.#failure ??= why
    this.#finish()
  }

  /** Of the outbox: a send has its answer. */
  answered(id: number, size: number, failure: Error | undefined): void {
    this.#pending.delete(id)
    this.#bytes -= size
    this.#failure ??= failure
    if (this.#isAnswered) this.#finish()
  }

  #checkRoom(topic: string, size: number): void {
    const unanswered = this.#pending.size + this.#waiting.size
    if (unanswered >= MAX_UNANSWERED || this.#bytes + size > MAX_UNANSWERED_BYTES) {
      throw errors.ZK_SEND_OVERFLOW(topic, unanswered)
    }
  }

  get #isAnswered(): boolean {
    return this.#pending.size === 0 && this.#waiting.size === 0
  }

  #refuse(why: Error): Promise<never> {
    this.#failure ??= why
    return unwatched(Promise.reject(why))
  }

  #finish(): void {
    const settled = this.#settled
    if (settled === undefined) return
    this.#settled = undefined
    settled(this.#failure)
  }
}

export class Outbox {
  readonly #post: (batch: ArrayBuffer) => void
  readonly #pending = new Map<number, PendingSend>()
  #nextId = 0
  /** Ids that are not posted yet, in order. */
  #unposted: number[] = []
  /** By id: what main has not answered, whether somebody waits for it or not. */
  readonly #posted = new Map<number, number>()
  #postedBytes = 0
  #isDue = false

  constructor(post: (batch: ArrayBuffer) => void) {
    this.#post = post
  }

  add(send: PendingSend): number {
    const id = this.#nextId
    this.#nextId = (id + 1) | 0
    this.#pending.set(id, send)
    this.#unposted.push(id)
    if (!this.#isDue) {
      this.#isDue = true
      queueMicrotask(this.#flush)
    }
    return id
  }

  /** @returns the send, whose answer is not wanted any more */
  forget(id: number): PendingSend | undefined {
    const send = this.#pending.get(id)
    this.#pending.delete(id)
    return send
  }

  /** Main's answers. */
  reported(reports: ArrayBuffer, failures: readonly SendError[]): void {
    for (const report of readReports(reports, failures)) this.#answer(report)
    this.#flush()
  }

  #answer({ id, partition, offset, error }: SendReport): void {
    this.#postedBytes -= this.#posted.get(id) ?? 0
    this.#posted.delete(id)
    const send = this.forget(id)
    if (send === undefined) return
    const failure = error === undefined ? undefined : errorOf(send.topic, error)
    // First the handler, whose continuation runs in a microtask: what it sends next belongs to this delivery still.
    if (failure === undefined) send.resolve({ partition, offset })
    else send.reject(failure)
    send.delivery.answered(id, send.size, failure)
  }

  readonly #flush = (): void => {
    this.#isDue = false
    const batch: Buffer[] = []
    let next = 0
    for (; next < this.#unposted.length && this.#hasRoom; next++) {
      const id = this.#unposted[next]!
      const send = this.#pending.get(id)
      // Abandoned before it went out.
      if (send?.packed === undefined) continue
      batch.push(send.packed)
      send.packed = undefined
      this.#posted.set(id, send.size)
      this.#postedBytes += send.size
    }
    this.#unposted.splice(0, next)
    if (batch.length > 0) this.#post(packSends(batch))
  }

  get #hasRoom(): boolean {
    return this.#posted.size < MAX_POSTED && this.#postedBytes < MAX_POSTED_BYTES
  }
}

const ignore = (): void => {}

/** A handler need not look at it: what fails here fails its record. */
function unwatched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore)
  return promise
}

function errorOf(topic: string, error: SendError): Error {
  if (error.type === 'superseded') return errors.ZK_SEND_SUPERSEDED(topic)
  return errors.ZK_SEND_FAILED(topic, error.message, error.code)
}

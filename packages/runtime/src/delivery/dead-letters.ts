/**
 * Writes dead letters, until the brokers have acknowledged them.
 *
 * Of each source partition letters go out in groups, and the next group only when every report of the one before is there.
 * What was refused comes first then, in order, alone at first, after a backoff that grows to ten seconds, for as long as
 * somebody wants it written. So letters of a partition keep their order, except that within one group some may be
 * written although an earlier one was refused.
 *
 * A refusal for its size is a verdict on the batch in which librdkafka sent the record, among others. It is tried again in a
 * batch of its own, and what is refused then is too large by itself. A record that this client itself will not take for what
 * it is would be refused for ever: what it cannot carry is left out beforehand, and any other stops the work.
 */
import type { Properties } from '../config/properties.js'
import { errors } from '../errors.js'
import { type HeaderPairs, replacing } from '../hooks/added-headers.js'
import type { WriteHooks } from '../hooks/write-hooks.js'
import type { DeliveryError } from '../kafka/delivery-error.js'
import { ERR__INVALID_ARG, isTooLarge } from '../kafka/error-codes.js'
import type { Producer, ProducerChannel } from '../kafka/producer.js'
import type { RecordToSend } from '../kafka/producer-client.js'
import type { Logger } from '../log/logger.js'
import { backoffMs } from '../threads/retries.js'
import type { Tracing } from '../tracing/tracing.js'
import type { WriteSpan } from '../tracing/write-span.js'
import type { ZkError } from '../zk-error.js'
import type { DeadLetter } from './dead-letter.js'
import type { HeaderOptions } from './dead-letter-headers.js'
import { isOfDeadLetter } from './header-names.js'
import { dropped, type RecordOptions, type Reduction, recordOf, uncarried } from './letter-record.js'
import { type DeadLetterHealth, RefusalLog } from './refusal-log.js'

/** Handed over at once, of one source partition. */
const MAX_GROUP = 500
/** Half of it is chance, so that partitions, and processes, do not come back together. */
const BACKOFF = { backoffMs: 100, maxBackoffMs: 10_000, jitter: 0.5 }

export interface DeadLetterListener {
  /** Asked before each try; false: the partition is no longer ours, and somebody else will write it. */
  isWanted(): boolean
  /** Called once. @param written false when it was not wanted any more, or the end came first */
  done(written: boolean): void
}

/** What is needed of a `Producer`. */
export type LetterProducer = Pick<Producer, 'channel' | 'flush' | 'close' | 'carries'> & {
  sibling(properties: Properties): LetterProducer
}

export interface DeadLettersOptions extends HeaderOptions {
  topic: string
  oversized: 'truncate' | 'stop'
  producer: LetterProducer
  /** Undefined where no hook is about writes. */
  writes?: WriteHooks | undefined
  /** Undefined where no traces are wanted. */
  tracing?: Tracing | undefined
  logger: Logger
  /** A letter is too large, and `oversized` is 'stop', or nothing is left to leave off. */
  failed(error: ZkError): void
  /** From 0 to 1, for jitter. Default Math.random. */
  random?: () => number
}

interface Pending {
  readonly letter: DeadLetter
  readonly on: DeadLetterListener
  readonly lane: Lane
  /** Of the monotonic clock, when it was given to us. */
  readonly since: number
  reduction: Reduction
  /** Refused for its size in company: goes in a batch of its own from now on. */
  isAlone: boolean
  error: DeliveryError | undefined
  readonly span: WriteSpan | undefined
  /** What `preWrite` adds, once it was asked. */
  added: HeaderPairs | undefined
  /** Of the monotonic clock, when it was handed to the producer last. */
  sentAt: number
}

/** What one source partition waits for. */
interface Lane {
  /** In order. */
  waiting: Pending[]
  /** With the producer. */
  group: Pending[]
  unreported: number
  /** Groups in a row in which something was refused. */
  refusals: number
  backoff: NodeJS.Timeout | undefined
}

export class DeadLetters {
  readonly #options: DeadLettersOptions
  readonly #shared: ProducerChannel
  /** Made when a record is first refused for its size. */
  #single: { producer: LetterProducer; channel: ProducerChannel } | undefined
  /** So large a record was refused for its size: others like it would only hold up the shared producer. */
  #refusedSize = Number.POSITIVE_INFINITY
  readonly #lanes = new Map<string, Lane>()
  /** By token. */
  readonly #sent = new Map<number, Pending>()
  #nextToken = 0
  readonly #refusals: RefusalLog
  readonly #recordOptions: RecordOptions
  /** It was said that headers are left out. */
  #saidUncarried = false
  #closed = false
  /** The work stops for a letter that is too large, or that this client does not take. */
  #halted = false
  readonly #delivered = {
    delivered: (token: number, error: DeliveryError | undefined, partition: number, offset: number) =>
      this.#reported(token, error, partition, offset),
  }

  constructor(options: DeadLettersOptions) {
    this.#options = options
    this.#shared = options.producer.channel(this.#delivered)
    this.#recordOptions = { ...options, carries: (value) => options.producer.carries(value) }
    this.#refusals = new RefusalLog(options.topic, options.logger)
  }

  write(letter: DeadLetter, on: DeadLetterListener): void {
    if (this.#closed) {
      on.done(false)
      return
    }
    const name = `${letter.topic}/${letter.partition}`
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = { waiting: [], group: [], unreported: 0, refusals: 0, backoff: undefined }
      this.#lanes.set(name, lane)
    }
    this.#sayUncarried(letter)
    const since = performance.now()
    const isAlone = sizeOf(letter) >= this.#refusedSize
    const span = this.#options.tracing?.startLetter(letter, this.#options.topic, this.#options.groupId)
    lane.waiting.push({
      letter,
      on: span === undefined ? on : spanned(on, span),
      span,
      lane,
      since,
      reduction: 'none',
      isAlone,
      error: undefined,
      added: undefined,
      sentAt: 0,
    })
    this.#next(lane)
  }

  /** Lets go at once of what is not wanted any more and waits for its next try, instead of when that is due. */
  dropUnwanted(): void {
    for (const lane of this.#lanes.values()) {
      const unwanted: Pending[] = []
      const wanted: Pending[] = []
      for (const pending of lane.waiting) (pending.on.isWanted() ? wanted : unwanted).push(pending)
      lane.waiting = wanted
      for (const { on } of unwanted) on.done(false)
    }
  }

  /** As plain data. Letters that the brokers do not take are a reason not to be ready. */
  health(): DeadLetterHealth {
    let oldest: number | undefined
    let waiting = 0
    for (const { waiting: queued, group } of this.#lanes.values()) {
      waiting += queued.length + group.length
      for (const pending of [group[0], queued[0]]) {
        if (pending !== undefined && (oldest === undefined || pending.since < oldest)) oldest = pending.since
      }
    }
    return this.#refusals.health(waiting, oldest)
  }

  /** Waits for reports, at most so long; answers everything else with `done(false)`. The producer stays its owner's. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    const deadline = performance.now() + timeoutMs
    for (const lane of this.#lanes.values()) {
      clearTimeout(lane.backoff)
      for (const { on } of lane.waiting.splice(0)) on.done(false)
    }
    if (this.#sent.size > 0) await this.#options.producer.flush(timeoutMs)
    await this.#single?.producer.close(Math.max(0, deadline - performance.now()))
    for (const { on } of this.#sent.values()) on.done(false)
    this.#sent.clear()
    this.#lanes.clear()
  }

  /** Hands the lane's next group over, unless one is out or it is too soon. */
  #next(lane: Lane): void {
    if (lane.unreported > 0 || lane.backoff !== undefined || this.#closed || this.#halted) return
    // After a refusal the first one asks for all.
    const most = lane.refusals > 0 ? 1 : MAX_GROUP
    const group: Pending[] = []
    const unwanted: Pending[] = []
    let taken = 0
    while (group.length < most && taken < lane.waiting.length) {
      const pending = lane.waiting[taken++]!
      if (pending.on.isWanted()) group.push(pending)
      else unwanted.push(pending)
    }
    lane.waiting.splice(0, taken)
    lane.group = group
    lane.unreported = group.length
    for (const pending of group) this.#send(pending)
    // Last, because whoever hears of it may write the next one.
    for (const { on } of unwanted) on.done(false)
  }

  #send(pending: Pending): void {
    const token = this.#nextToken++
    this.#sent.set(token, pending)
    pending.error = undefined
    const channel = pending.isAlone ? this.#singleChannel() : this.#shared
    const bare = recordOf(pending.letter, pending.reduction, this.#recordOptions)
    // Where the record's own headers are left off, so is what comes on top.
    const added = pending.reduction === 'headers' ? undefined : pending.span?.headers
    const record = added === undefined ? bare : { ...bare, headers: replacing(bare.headers, added) }
    channel.send(
      this.#options.writes === undefined ? record : this.#hooked(pending, record, this.#options.writes),
      token,
    )
  }

  /** With the headers that `preWrite` adds: none in the place of those that say where a letter is from, and why. */
  #hooked(pending: Pending, record: RecordToSend, writes: WriteHooks): RecordToSend {
    const { producer } = this.#options
    pending.added ??= writes.before('dead-letter', record, producer).filter(([name]) => !isOfDeadLetter(name))
    pending.sentAt = performance.now()
    // They may be what is too much.
    if (pending.reduction === 'headers') return record
    return { ...record, headers: replacing(record.headers, pending.added) }
  }

  #reported(token: number, error: DeliveryError | undefined, partition: number, offset: number): void {
    const pending = this.#sent.get(token)
    if (pending === undefined) return
    this.#sent.delete(token)
    const { topic, writes } = this.#options
    writes?.acked('dead-letter', topic, pending.sentAt, error, partition, offset)
    const { lane } = pending
    if (error === undefined) {
      this.#refusals.written()
      // The topic takes more than it did.
      if (pending.reduction === 'none' && sizeOf(pending.letter) >= this.#refusedSize) {
        this.#refusedSize = Number.POSITIVE_INFINITY
      }
      pending.span?.acknowledged({ partition, offset })
      pending.on.done(true)
    } else if (this.#closed) pending.on.done(false)
    else this.#refused(pending, error, partition)
    lane.unreported--
    if (lane.unreported === 0) this.#groupDone(lane)
  }

  #refused(pending: Pending, error: DeliveryError, partition: number): void {
    pending.error = error
    pending.span?.refused(error)
    this.#refusals.refused(pending.letter, error)
    // Of librdkafka itself, before the record had a partition: the next try would meet the same.
    if (error.code === ERR__INVALID_ARG && partition < 0)
      this.#halt(
        errors.ZK_INTERNAL(`The client does not take the dead letter of ${placeOf(pending.letter)}: ${error.message}`),
      )
    if (!isTooLarge(error.code)) return
    // Refused by librdkafka itself, for what it is, it has no partition yet.
    const isAlone = pending.isAlone || partition < 0
    pending.isAlone = true
    if (isAlone) this.#tooLarge(pending, error)
  }

  #groupDone(lane: Lane): void {
    const refused = lane.group.filter(({ error }) => error !== undefined)
    lane.group = []
    lane.waiting.unshift(...refused)
    if (refused.length === 0) {
      lane.refusals = 0
      this.#next(lane)
      return
    }
    // A matter of size is decided by the next try, and needs no patience.
    if (refused.every(({ error }) => isTooLarge(error!.code))) {
      this.#next(lane)
      return
    }
    lane.refusals++
    lane.backoff = setTimeout(
      () => {
        lane.backoff = undefined
        this.#refusals.retrying()
        this.#next(lane)
      },
      backoffMs(BACKOFF, lane.refusals, this.#options.random?.()),
    )
  }

  #tooLarge(pending: Pending, error: DeliveryError): void {
    const { topic, oversized, logger } = this.#options
    const { letter, reduction } = pending
    if (reduction === 'none') this.#refusedSize = Math.min(this.#refusedSize, sizeOf(letter))
    const less = oversized === 'truncate' ? dropped(reduction) : undefined
    if (less === undefined) {
      const bytes = letter.record.value?.length ?? 0
      this.#halt(errors.ZK_DEAD_LETTER_TOO_LARGE(topic, placeOf(letter), bytes, error.message))
      return
    }
    pending.reduction = less
    logger.warn(
      {
        ...{ topic: letter.topic, partition: letter.partition, offset: letter.offset, deadLetterTopic: topic },
        bytes: letter.record.value?.length ?? 0,
      },
      less === 'value'
        ? 'The dead letter topic does not take so large a record: it goes there without its value (oversized: truncate)'
        : 'The dead letter topic does not take the record without its value either: it goes there without its headers',
    )
  }

  /** What is refused stays unanswered, and its offset open: the work stops. */
  #halt(error: ZkError): void {
    this.#halted = true
    this.#options.failed(error)
  }

  #sayUncarried(letter: DeadLetter): void {
    if (this.#saidUncarried) return
    const headers = uncarried(letter, this.#recordOptions)
    if (headers === 0) return
    this.#saidUncarried = true
    const { topic, partition, offset } = letter
    this.#options.logger.warn(
      { topic, partition, offset, deadLetterTopic: this.#options.topic, headers },
      'Without @zk/native header values that are null or no text cannot be written: dead letters go without them, from here on ' +
        'without another word, and zk.dlt.headers.dropped says how many',
    )
  }

  #singleChannel(): ProducerChannel {
    if (this.#single === undefined) {
      const producer = this.#options.producer.sibling({ 'batch.num.messages': 1 })
      this.#single = { producer, channel: producer.channel(this.#delivered) }
    }
    return this.#single.channel
  }
}

/** A letter that is not written ends its span as well. */
function spanned(on: DeadLetterListener, span: WriteSpan): DeadLetterListener {
  return {
    isWanted: () => on.isWanted(),
    done(written) {
      if (!written) span.givenUp()
      on.done(written)
    },
  }
}

function placeOf({ topic, partition, offset }: DeadLetter): string {
  return `${topic}[${partition}]@${offset}`
}

/** Of what the record itself has; headers weigh little. */
function sizeOf({ record }: DeadLetter): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0)
}

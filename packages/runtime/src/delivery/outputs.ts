/**
 * What handlers send by `ctx.send`, written by the work's producer; the thread's half is `threads/sends.ts`.
 *
 * A send is written only while its delivery is the record's latest and the record is ours: whoever has the record otherwise
 * sends again. That is looked at when the producer takes it, and where its queue is full what it has no room for waits here.
 * The threads bound how much that is.
 *
 * Each send is answered once. The answers of one turn of the event loop are one message for each thread; a thread that is
 * gone gets none, and its successor none of its predecessor's.
 */
import { Phase, type WorkEngine } from '@zk/engine'
import { replacing } from '../hooks/added-headers.js'
import type { WriteHooks } from '../hooks/write-hooks.js'
import type { DeliveryError } from '../kafka/delivery-error.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { DeliveryListener, Producer, ProducerChannel } from '../kafka/producer.js'
import type { ThreadHost } from '../threads/host.js'
import { type ArrivedRecord, readOutgoing } from '../threads/outgoing-record.js'
import type { SendError } from '../threads/protocol.js'
import { packReports, readSends, type SendReport } from '../threads/send-batch.js'

/** How often a full producer is looked at when none of its reports is ours. */
const LOOK_MS = 10
/** librdkafka's code for "not done", which a producer that cannot be made has none of its own for. */
const ERR__FAIL = -196

export interface OutputsOptions {
  engine: Pick<WorkEngine<PackedBatch>, 'inFlight' | 'assignments'>
  host: Pick<ThreadHost, 'answerSends'>
  threads: number
  /** Undefined where no hook is about writes. */
  writes?: WriteHooks | undefined
  /** Called for the first send. */
  openProducer(): Promise<Producer>
}

export interface OutputCounters {
  acknowledged: number
  failed: number
  /** Of deliveries that were superseded. */
  refused: number
}

/** Who waits for an answer. */
interface Sender {
  readonly thread: number
  /** Counts the threads of a place: an answer is for the one that asked. */
  readonly life: number
  readonly id: number
  /** For hooks: what was written, and when, on the monotonic clock. */
  readonly write?: { readonly topic: string; readonly at: number }
}

interface HeldSend extends Sender {
  readonly record: ArrivedRecord
}

interface Opened {
  readonly producer: Producer
  readonly channel: ProducerChannel
}

export class Outputs implements DeliveryListener {
  readonly counters: OutputCounters = { acknowledged: 0, failed: 0, refused: 0 }
  readonly #options: OutputsOptions
  readonly #lives: Int32Array
  /** Nothing of these is with the producer yet. */
  #held: HeldSend[] = []
  /** By token. */
  readonly #senders: (Sender | undefined)[] = []
  readonly #freeTokens: number[] = []
  /** By thread: answers of this turn. */
  readonly #answers: SendReport[][]
  #isAnswerDue = false
  #opened: 'no' | 'opening' | Opened = 'no'
  #look: NodeJS.Timeout | undefined

  constructor(options: OutputsOptions) {
    this.#options = options
    this.#lives = new Int32Array(options.threads)
    this.#answers = Array.from({ length: options.threads }, () => [])
  }

  /** Sends that are not answered yet. */
  get waiting(): number {
    return this.#held.length + this.#senders.length - this.#freeTokens.length
  }

  /** Sends of a thread. */
  accept(thread: number, batch: ArrayBuffer): void {
    const life = this.#lives[thread]!
    for (const packed of readSends(batch)) {
      const record = readOutgoing(packed)
      this.#held.push({ thread, life, id: record.id, record })
    }
    this.#proceed()
  }

  /** Nothing more of it is written, but for what the producer has. */
  threadGone(thread: number): void {
    this.#lives[thread]!++
    this.#answers[thread] = []
    this.#held = this.#held.filter((held) => held.thread !== thread)
  }

  delivered(token: number, error: DeliveryError | undefined, partition: number, offset: number): void {
    const sender = this.#senders[token]!
    const { write } = sender
    this.#senders[token] = undefined
    this.#freeTokens.push(token)
    if (write !== undefined) {
      this.#options.writes?.acked('output', write.topic, write.at, error, partition, offset)
    }
    this.counters[error === undefined ? 'acknowledged' : 'failed']++
    this.#answer(sender, { partition, offset, error: error === undefined ? undefined : failureOf(error) })
  }

  #proceed(): void {
    if (this.#opened === 'no') this.#open()
    if (typeof this.#opened === 'string') return
    const { producer } = this.#opened
    let next = 0
    for (; next < this.#held.length && !producer.isFull; next++) this.#write(this.#opened, this.#held[next]!)
    if (next > 0) this.#held = this.#held.slice(next)
    if (this.#held.length === 0 || this.#look !== undefined) return
    this.#look = setTimeout(() => {
      this.#look = undefined
      this.#proceed()
    }, LOOK_MS)
  }

  #write({ producer, channel }: Opened, { record, ...sender }: HeldSend): void {
    if (!this.#isWanted(sender.thread, record)) {
      this.counters.refused++
      this.#answer(sender, { partition: -1, offset: -1, error: { type: 'superseded' } })
      return
    }
    const { writes } = this.#options
    const token = this.#freeTokens.pop() ?? this.#senders.length
    if (writes === undefined) {
      this.#senders[token] = sender
      channel.send(record, token)
      return
    }
    const added = writes.before('output', record, producer)
    this.#senders[token] = { ...sender, write: { topic: record.topic, at: performance.now() } }
    channel.send({ ...record, headers: replacing(record.headers, added) }, token)
  }

  /** The thread still runs this delivery, and its record is ours. */
  #isWanted(thread: number, { ticket, sequence }: ArrivedRecord): boolean {
    const { inFlight, assignments } = this.#options.engine
    return (
      inFlight.sequence[ticket] === sequence &&
      inFlight.phase[ticket] === Phase.dispatched &&
      inFlight.thread[ticket] === thread &&
      assignments.find(inFlight.slot[ticket]!, inFlight.epoch[ticket]!) !== undefined
    )
  }

  #open(): void {
    this.#opened = 'opening'
    this.#options.openProducer().then(
      (producer) => {
        this.#opened = { producer, channel: producer.channel(this) }
        this.#proceed()
      },
      (error: Error) => {
        this.#opened = 'no'
        const failure: SendError = { type: 'failed', code: ERR__FAIL, message: error.message }
        for (const held of this.#held.splice(0)) this.#answer(held, { partition: -1, offset: -1, error: failure })
      },
    )
  }

  #answer({ thread, life, id }: Sender, report: Omit<SendReport, 'id'>): void {
    if (this.#lives[thread] === life) this.#answers[thread]!.push({ id, ...report })
    if (this.#isAnswerDue) return
    this.#isAnswerDue = true
    queueMicrotask(this.#answerAll)
  }

  readonly #answerAll = (): void => {
    this.#isAnswerDue = false
    for (const [thread, answers] of this.#answers.entries()) {
      if (answers.length === 0) continue
      this.#answers[thread] = []
      this.#options.host.answerSends(thread, { type: 'sent', ...packReports(answers) })
    }
    // There may be room again.
    if (this.#held.length > 0) this.#proceed()
  }
}

function failureOf({ code, message }: DeliveryError): SendError {
  return { type: 'failed', code, message }
}

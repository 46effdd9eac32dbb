/** The work's one producer, made when there is something to write: a work that writes nothing connects nothing. */
import { errors } from '../errors.js'
import { createProducer, type Producer, type ProducerOptions } from '../kafka/producer.js'

export class WorkProducer {
  readonly #options: ProducerOptions
  #producer: Promise<Producer> | undefined
  #isClosed = false

  constructor(options: ProducerOptions) {
    this.#options = options
  }

  /** @throws ZkError ZK_NATIVE_NOT_BUILT, ZK_CONFIG_UNKNOWN_PROPERTY */
  async open(): Promise<Producer> {
    // A token may come when the work has ended: nobody would close what is made then, and it keeps the process alive.
    if (this.#isClosed) throw errors.ZK_INTERNAL('The work has ended, and makes no producer any more')
    this.#producer ??= this.#open()
    return this.#producer
  }

  async #open(): Promise<Producer> {
    const producer = await createProducer(this.#options)
    await producer.connect()
    return producer
  }

  /** @param timeoutMs how long what is outstanding may take */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    const producer = await this.#producer?.catch(() => undefined)
    await producer?.close(timeoutMs)
  }
}

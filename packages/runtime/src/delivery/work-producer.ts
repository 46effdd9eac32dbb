/** The work's one producer, made when there is something to write: a work that writes nothing connects nothing. */
import { createProducer, type Producer, type ProducerOptions } from '../kafka/producer.js'

export class WorkProducer {
  readonly #options: ProducerOptions
  #producer: Promise<Producer> | undefined

  constructor(options: ProducerOptions) {
    this.#options = options
  }

  /** @throws ZkError ZK_NATIVE_NOT_BUILT, ZK_CONFIG_UNKNOWN_PROPERTY */
  open(): Promise<Producer> {
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
    const producer = await this.#producer?.catch(() => undefined)
    await producer?.close(timeoutMs)
  }
}

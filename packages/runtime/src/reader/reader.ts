/**
 * Reads topics message by message, as somebody asks for them: for tests, tools and small jobs. Nothing is processed beside it,
 * and nothing in threads; that is what works are for.
 *
 * What is done is committed from time to time, never past a message that is not: at least once, as in a work.
 */
import type { TopicPartition } from '@zk/engine'
import type { Format } from '@zk/formats'
import { checkReadOptions } from '../config/call-options.js'
import { show } from '../config/problems.js'
import { errors } from '../errors.js'
import type { ReaderSubscription } from '../transport.js'
import type { ReceivedRecord } from './inbox.js'
import { ReaderMessage } from './reader-message.js'
import { type ReaderParts, Subscription, type SubscriptionListener } from './subscription.js'

export interface ReadOptions {
  /** How long to wait for a message, in milliseconds; 0 takes only what is there. Default: for ever. */
  timeoutMs?: number
  /** Ends the wait: `read` rejects with its reason. */
  signal?: AbortSignal
}

interface Waiter {
  resolve(record: ReceivedRecord): void
  reject(error: unknown): void
}

/** @typeParam V what the format decodes; without one Buffer */
export class Reader<V = Buffer> {
  readonly #parts: ReaderParts
  readonly #format: Format<V> | undefined
  #subscription: ReaderSubscription | undefined
  /** Why the last subscription ended, where nobody was told yet. */
  #failure: Error | undefined
  /** In the order in which they asked. */
  readonly #waiters: Waiter[] = []
  #closing: Promise<void> | undefined

  /** Made by `client.reader`. */
  constructor(parts: ReaderParts) {
    this.#parts = parts
    // The types of `client.reader` say so.
    this.#format = parts.config.format as Format<V> | undefined
  }

  /**
   * The next message of the partitions that the group has given to this reader. The first call joins the group, which may take
   * seconds.
   *
   * @returns null when none came within `timeoutMs`
   * @throws ZkError ZK_READER_CLOSED, ZK_CONFIG_INVALID, or why the group cannot be joined or has put this reader out; the next `read` tries again.
   *   Where a schema registry is down, its error; the message is the next again
   */
  async read(options: ReadOptions = {}): Promise<ReaderMessage<V> | null> {
    checkReadOptions(options)
    const { timeoutMs, signal } = options
    signal?.throwIfAborted()
    const subscription = this.#joined()
    const record = subscription.inbox.take() ?? (await this.#arrival(timeoutMs, signal))
    if (record === null) return null
    this.#subscription?.want()
    return this.#messageOf(record)
  }

  /** Messages, until the reader is closed. Leaving the loop does not close it, and no message is done by being passed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReaderMessage<V>, void, void> {
    while (this.#closing === undefined) {
      const message = await this.read().catch((error: unknown) => {
        if (this.#closing !== undefined) return null
        throw error
      })
      if (message !== null) yield message
    }
  }

  /**
   * Commits now what is done, and resolves when the brokers have it. Without it that happens every `autoCommitIntervalMs`.
   *
   * @param message is done too
   * @throws ZkError ZK_COMMIT_FAILED, ZK_READER_CLOSED, ZK_CONFIG_INVALID for what is no message
   */
  async commit(message?: ReaderMessage<V>): Promise<void> {
    if (this.#closing !== undefined) throw errors.ZK_READER_CLOSED(this.#parts.config.clientId)
    if (message !== undefined && !(message instanceof ReaderMessage)) {
      const expected = 'expected a message of the reader, or nothing'
      throw errors.ZK_CONFIG_INVALID('call of commit', [
        { path: 'message', message: `is ${show(message)}; ${expected}` },
      ])
    }
    message?.done()
    await this.#subscription?.commit()
  }

  /** What the group has given to this reader now; nothing before the first `read`. */
  assignments(): TopicPartition[] {
    return this.#subscription?.assignments ?? []
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  /**
   * Commits what is done and leaves the group; what is not done is read again by whoever reads next. A `read` that waits rejects,
   * and a `for await` ends. Idempotent. A reader that has read keeps the process alive until then.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const error = errors.ZK_READER_CLOSED(this.#parts.config.clientId)
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
    await this.#subscription?.close()
    this.#subscription = undefined
  }

  /** @throws ZkError ZK_READER_CLOSED, or what nobody was told of yet */
  #joined(): ReaderSubscription {
    if (this.#closing !== undefined) throw errors.ZK_READER_CLOSED(this.#parts.config.clientId)
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
    if (this.#subscription !== undefined) return this.#subscription
    const { subscribe = onKafka } = this.#parts.transport ?? {}
    const subscription: ReaderSubscription = subscribe(this.#parts, {
      arrived: () => this.#handOut(),
      failed: (error) => this.#failed(subscription, error),
    })
    this.#subscription = subscription
    subscription.start().catch((error: Error) => this.#failed(subscription, error))
    return subscription
  }

  #failed(subscription: ReaderSubscription, error: Error): void {
    if (this.#subscription !== subscription || this.#closing !== undefined) return
    this.#subscription = undefined
    subscription
      .close()
      .catch((err: unknown) => this.#parts.logger.warn({ err }, 'The reader could not leave its group'))
    const waiters = this.#waiters.splice(0)
    if (waiters.length === 0) this.#failure = error
    for (const waiter of waiters) waiter.reject(error)
  }

  #handOut(): void {
    while (this.#waiters.length > 0) {
      const record = this.#subscription?.inbox.take()
      if (record === undefined) return
      this.#waiters.shift()!.resolve(record)
    }
  }

  #arrival(timeoutMs: number | undefined, signal: AbortSignal | undefined): Promise<ReceivedRecord | null> {
    return new Promise((resolve, reject) => {
      const settle = (settled: () => void) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0) this.#waiters.splice(at, 1)
        settled()
      }
      const waiter: Waiter = {
        resolve: (record) => settle(() => resolve(record)),
        reject: (error) => settle(() => reject(error)),
      }
      const onAbort = () => waiter.reject(signal!.reason)
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => settle(() => resolve(null)), timeoutMs)
      signal?.addEventListener('abort', onAbort)
      this.#waiters.push(waiter)
    })
  }

  async #messageOf(record: ReceivedRecord): Promise<ReaderMessage<V>> {
    const inbox = this.#subscription?.inbox
    const message = new ReaderMessage(record, this.#format, () => inbox?.finish(record))
    if (record.value === null || this.#format?.prepareDecode === undefined) return message
    try {
      await this.#format.prepareDecode(record.value, { topic: message.topic, part: 'value' })
    } catch (error) {
      if ((error as { retryable?: unknown } | null)?.retryable === true) {
        inbox?.putBack(record)
        // Others wait for a record.
        this.#handOut()
        throw error
      }
      message.fail(error as Error)
    }
    return message
  }
}

const onKafka = (parts: ReaderParts, listener: SubscriptionListener) => new Subscription(parts, listener)

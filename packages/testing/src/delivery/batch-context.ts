/** `ctx` of one batch in a unit test, and that of each of its messages. */
import { errors } from '@zk/runtime/internal'
import type {
  BatchContext,
  Message,
  OutgoingRecord,
  ProcessContext,
  SendOptions,
  SentRecord,
} from '@zk/runtime/processor'
import { AttemptSends, type OnSend } from './attempt-sends.js'
import { FakeContext, type FakeContextOptions } from './fake-context.js'

/** Its deadline is its batch's. */
export class BatchedFakeContext<S> extends FakeContext<S> {
  readonly #batch: () => FakeBatchContext<S>

  constructor(options: FakeContextOptions<S>, batch: () => FakeBatchContext<S>) {
    super(options)
    this.#batch = batch
  }

  override extendDeadline(ms: number): boolean {
    return this.#batch().extendDeadline(ms)
  }

  extendOwn(ms: number): boolean {
    return super.extendDeadline(ms)
  }
}

export class FakeBatchContext<S> implements BatchContext<S> {
  /** What the handler has named. */
  readonly faults = new Map<Message<unknown>, { error: unknown }>()
  readonly sends: AttemptSends
  readonly #contexts: ReadonlyMap<Message<unknown>, BatchedFakeContext<S>>
  readonly #first: BatchedFakeContext<S>

  /** @param contexts of its messages, at least one */
  constructor(contexts: ReadonlyMap<Message<unknown>, BatchedFakeContext<S>>, onSend: OnSend | undefined) {
    this.#contexts = contexts
    ;[this.#first] = contexts.values() as IterableIterator<BatchedFakeContext<S>>
    this.sends = new AttemptSends(this.signal, onSend)
  }

  // All abort together here: they have one deadline and one signal of the test's.
  get signal() {
    return this.#first.signal
  }
  get deadline() {
    return this.#first.deadline
  }
  get log() {
    return this.#first.log
  }
  get state() {
    return this.#first.state
  }
  get virtualPartition() {
    return this.#first.virtualPartition
  }

  extendDeadline(ms: number): boolean {
    return [...this.#contexts.values()].map((context) => context.extendOwn(ms)).every((moved) => moved)
  }

  fail(message: Message<unknown>, error: unknown): void {
    this.of(message)
    if (!this.faults.has(message)) this.faults.set(message, { error })
  }

  of(message: Message<unknown>): ProcessContext<S> {
    const context = this.#contexts.get(message)
    if (context === undefined) throw errors.ZK_BATCH_MESSAGE_UNKNOWN()
    return context
  }

  send(topic: string, record: OutgoingRecord<unknown>, options?: SendOptions<unknown>): Promise<SentRecord> {
    const sent = this.sends.send(topic, record, options)
    // A handler need not look at it: what fails here fails the batch.
    sent.catch(() => {})
    return sent
  }
}

/** `ctx.send` of one attempt: refuses what the runtime refuses, in the order of the calls, and writes nothing anywhere. */
import { errors, packOutgoing, readOutgoing } from '@zk/runtime/internal'
import type { Format, OutgoingRecord, SendOptions, SentRecord } from '@zk/runtime/processor'

/** A record that a handler sent. */
export interface SentOutput {
  topic: string
  key: Buffer | null
  value: Buffer | null
  headers: readonly (readonly [name: string, value: Buffer | null])[]
  /** Undefined where the handler gave none. */
  partition: number | undefined
  /** Undefined where the handler gave none. */
  timestamp: number | undefined
}

/**
 * Stands for the brokers: where the record is. What it throws or rejects with is the brokers' refusal: `ctx.send` rejects with
 * ZK_SEND_FAILED and the record fails. Undefined: the partition that the handler gave, or 0, and the next offset.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is one
export type OnSend = (output: SentOutput) => SentRecord | void | Promise<SentRecord | void>

export class AttemptSends {
  /** In the order of the calls. */
  readonly #calls: { output: SentOutput; isAcknowledged: boolean }[] = []
  readonly #onSend: OnSend | undefined
  readonly #aborted: AbortSignal
  /** Encoding goes in the order of the calls. Undefined while nothing has to be waited for. */
  #encoding: Promise<unknown> | undefined
  readonly #open = new Set<Promise<unknown>>()
  #failure: Error | undefined
  #handlerEnded = false

  /** @param aborted is `ctx.signal`: what is not answered when it aborts rejects with its reason */
  constructor(aborted: AbortSignal, onSend: OnSend | undefined) {
    this.#aborted = aborted
    this.#onSend = onSend
  }

  /** What was acknowledged, in the order in which it was sent. */
  get sent(): SentOutput[] {
    return this.#calls.filter(({ isAcknowledged }) => isAcknowledged).map(({ output }) => output)
  }

  send(topic: string, record: OutgoingRecord<unknown>, options?: SendOptions<unknown>): Promise<SentRecord> {
    if (this.#handlerEnded) throw errors.ZK_SEND_TOO_LATE(String(topic))
    const format = options?.format
    if (format === undefined || record?.value === null) {
      // What the handler does with its Buffers afterwards does not show: this is a copy.
      const place = this.#place(outputOf(topic, record as OutgoingRecord))
      return this.#keep(
        this.#encoding === undefined ? this.#write(place) : this.#encoding.then(() => this.#write(place)),
      )
    }
    // What is no value throws at once, as it does without a format.
    const place = this.#place(outputOf(topic, { ...record, value: null }))
    const before = this.#encoding
    const value = encoded(topic, record.value, format, before)
    this.#encoding = value.catch(ignore)
    return this.#keep(
      value.then((bytes) => {
        this.#calls[place].output.value = bytes
        return this.#write(place)
      }),
    )
  }

  /**
   * The handler has ended, and its attempt does when all that it sent is answered.
   * @returns the first of the failures, whether the handler looked at it or not
   */
  async end(): Promise<Error | undefined> {
    this.#handlerEnded = true
    await Promise.allSettled(this.#open)
    return this.#failure
  }

  #place(output: SentOutput): number {
    return this.#calls.push({ output, isAcknowledged: false }) - 1
  }

  async #write(place: number): Promise<SentRecord> {
    this.#aborted.throwIfAborted()
    const call = this.#calls[place]
    const answer = await this.#answer(call.output)
    call.isAcknowledged = true
    return answer ?? { partition: call.output.partition ?? 0, offset: place }
  }

  async #answer(output: SentOutput): Promise<SentRecord | undefined> {
    if (this.#onSend === undefined) return undefined
    const { promise: aborted, stop } = rejectedBy(this.#aborted)
    try {
      return (await Promise.race([this.#onSend(output), aborted])) ?? undefined
    } catch (error) {
      if (this.#aborted.aborted && error === this.#aborted.reason) throw error
      const { message, code } = error as { message?: unknown; code?: unknown }
      throw errors.ZK_SEND_FAILED(output.topic, String(message ?? error), typeof code === 'number' ? code : -1)
    } finally {
      stop()
    }
  }

  #keep(send: Promise<SentRecord>): Promise<SentRecord> {
    const settled = send.catch((error: Error) => {
      this.#failure ??= error
    })
    this.#open.add(settled)
    void settled.then(() => this.#open.delete(settled))
    return send
  }
}

async function encoded(
  topic: string,
  value: unknown,
  format: Format<unknown>,
  before: Promise<unknown> | undefined,
): Promise<Buffer> {
  const place = { topic, part: 'value' } as const
  const ready = format.prepareEncode?.(place)
  ready?.catch(ignore)
  await before
  await ready
  return format.encode(value, place)
}

/** @throws ZkError ZK_SEND_INVALID */
function outputOf(topic: string, record: OutgoingRecord): SentOutput {
  const { key, value, headers, partition, timestamp } = readOutgoing(packOutgoing(topic, record))
  return {
    topic,
    key: copy(key),
    value: copy(value),
    headers: headers.map(([name, one]) => [name, copy(one)] as const),
    partition: partition < 0 ? undefined : partition,
    timestamp: timestamp < 0 ? undefined : timestamp,
  }
}

function copy(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes)
}

function rejectedBy(signal: AbortSignal): { promise: Promise<never>; stop(): void } {
  let stop = ignore
  const promise = new Promise<never>((_, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    stop = () => signal.removeEventListener('abort', onAbort)
  })
  promise.catch(ignore)
  return { promise, stop }
}

function ignore(): void {}

/**
 * The hooks around a write, `preWrite` and `postAck`: for outputs, for dead letters, and for what writers write. Made only where one of them is set;
 * whoever writes asks nothing otherwise.
 */

import { HeaderList } from '../header-list.js'
import type { MainThread } from '../health/main-thread.js'
import type { DeliveryError } from '../kafka/delivery-error.js'
import type { Producer } from '../kafka/producer.js'
import type { RecordToSend } from '../kafka/producer-client.js'
import type { Headers } from '../processor-types.js'
import { type HeaderPairs, headersIn } from './added-headers.js'
import type { Hooks, PendingWrite, WriteKind } from './hook-types.js'

export interface WriteHooksOptions {
  hooks: Pick<Hooks, 'preWrite' | 'postAck'>
  /** Undefined for a writer. */
  groupId: string | undefined
  mainThread: MainThread
}

/** @returns undefined where no hook is about writes */
export function openWriteHooks(options: WriteHooksOptions): WriteHooks | undefined {
  const { preWrite, postAck } = options.hooks
  return preWrite === undefined && postAck === undefined ? undefined : new WriteHooks(options)
}

export class WriteHooks {
  readonly #options: WriteHooksOptions

  constructor(options: WriteHooksOptions) {
    this.#options = options
  }

  /**
   * Asks `preWrite`, once for each record.
   *
   * @param producer says which header values it can write; an answer with another counts as an error of the hook
   * @returns the headers to put in the place of those of the same name
   */
  before(kind: WriteKind, record: RecordToSend, producer: Pick<Producer, 'carries'>): HeaderPairs {
    const { hooks, groupId, mainThread } = this.#options
    if (hooks.preWrite === undefined || hooks.preWrite === null) return []
    const write = new Pending(groupId, kind, record)
    const check = (answer: unknown) => {
      const pairs = headersIn(answer)
      const refused = pairs.find(([, value]) => !producer.carries(value))
      if (refused === undefined) return pairs
      throw new TypeError(
        `its header ${JSON.stringify(refused[0])} is no text, and @zk/native, which writes any, is not built`,
      )
    }
    return mainThread.ask('preWrite', () => hooks.preWrite!(write), check) ?? []
  }

  /** @param started of the monotonic clock, when the record was handed to the producer */
  acked(
    kind: WriteKind,
    topic: string,
    started: number,
    failure: DeliveryError | undefined,
    partition: number,
    offset: number,
  ): void {
    const { hooks, groupId, mainThread } = this.#options
    if (hooks.postAck === undefined || hooks.postAck === null) return
    const error = failure === undefined ? undefined : Object.assign(new Error(failure.message), { code: failure.code })
    const ack = { groupId, kind, topic, partition, offset, error, durationMs: performance.now() - started }
    mainThread.call('postAck', () => hooks.postAck!(ack))
  }
}

/** Copies, so that what a hook does to them changes nothing that is written. */
class Pending implements PendingWrite {
  readonly groupId: string | undefined
  readonly kind: WriteKind
  readonly topic: string
  readonly #record: RecordToSend

  constructor(groupId: string | undefined, kind: WriteKind, record: RecordToSend) {
    this.groupId = groupId
    this.kind = kind
    this.topic = record.topic
    this.#record = record
  }

  get key(): Buffer | null {
    const { key } = this.#record
    return key === null ? null : Buffer.from(key)
  }

  get headers(): Headers {
    return new HeaderList(
      this.#record.headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value)]),
    )
  }
}

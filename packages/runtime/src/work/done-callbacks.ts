/**
 * The user's `onDone` callbacks: what has become of each record, told on the main thread once its offset is completed.
 *
 * Callbacks run in a microtask and not where a record ends: that is within a step of the engine, which the user's code
 * must not see half done, nor hold up before the next records have gone out. A callback that fails changes nothing.
 */
import type { WorkEngine } from '@zk/engine'
import { type DescribedError, reviveError } from '../describe-error.js'
import type { FailureCause } from '../failure-cause.js'
import { decodeHeaders, HeaderList, NO_HEADERS } from '../header-list.js'
import type { MainThread } from '../health/main-thread.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Headers } from '../processor-types.js'

/** A record that has its final outcome. Key and header values are copies: keep them as long as you like. */
export interface DoneMessage {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970, -1 when there is none. */
  readonly timestamp: number
  /** Null for a record without a key. */
  readonly key: Buffer | null
  readonly headers: Headers
}

interface Ran {
  /** Attempts that were charged, the last one included. */
  readonly attempts: number
  /** How long the last attempt took, in milliseconds; undefined where its end was learnt from the thread's death or board. */
  readonly durationMs?: number | undefined
}

/** What became of a record. `failed`: its offset completed all the same, because `onExhausted` is 'complete'. */
export type DoneOutcome =
  | (Ran & { readonly status: 'done' })
  | (Ran & {
      readonly status: 'failed' | 'dead-lettered'
      readonly cause: FailureCause
      /** What the handler threw, as far as the thread could tell. */
      readonly error?: Error | undefined
    })

/** Runs on the main thread: be quick. What it throws or rejects with is counted and logged, and changes nothing. */
export type OnDone = (message: DoneMessage, outcome: DoneOutcome) => void | Promise<void>

/** How the last attempt went, as far as it is known where the record ended. */
export interface EndedHow {
  /** Default: what the in-flight table says. */
  attempts?: number | undefined
  durationMs?: number | undefined
  /** Default `error`. */
  cause?: FailureCause | undefined
  error?: DescribedError | undefined
}

export interface DoneCallbacksOptions {
  /** In the order in which they are called. */
  callbacks: readonly OnDone[]
  engine: Pick<WorkEngine<PackedBatch>, 'inFlight' | 'assignments'>
  mainThread: MainThread
}

export class DoneCallbacks {
  readonly #options: DoneCallbacksOptions
  readonly #names: readonly string[]
  #waiting: [DoneMessage, DoneOutcome][] = []

  constructor(options: DoneCallbacksOptions) {
    this.#options = options
    this.#names = options.callbacks.map(({ name }, index) => `onDone (${name || index})`)
  }

  /** Whether anybody wants to hear: nothing needs to be found out for nobody. */
  get any(): boolean {
    return this.#names.length > 0
  }

  /** A record's offset is completed. Call before its row is released. */
  tell(ticket: number, status: DoneOutcome['status'], how: EndedHow = {}): void {
    if (!this.any) return
    const { attempt } = this.#options.engine.inFlight
    const { attempts = attempt[ticket]!, durationMs, cause = 'error', error } = how
    const ran = { attempts, durationMs }
    const outcome: DoneOutcome =
      status === 'done' ? { status, ...ran } : { status, ...ran, cause, error: error && reviveError(error) }
    this.#waiting.push([this.#messageOf(ticket), outcome])
    if (this.#waiting.length === 1) queueMicrotask(this.#call)
  }

  readonly #call = (): void => {
    const { callbacks, mainThread } = this.#options
    const waiting = this.#waiting
    this.#waiting = []
    for (const [message, outcome] of waiting) {
      for (const [index, callback] of callbacks.entries()) {
        mainThread.call('onDone', () => callback(message, outcome), this.#names[index]!)
      }
    }
  }

  #messageOf(ticket: number): DoneMessage {
    const { inFlight, assignments } = this.#options.engine
    const batch = inFlight.batch[ticket]!
    const index = inFlight.index[ticket]!
    const { topic, partition } = assignments.nameOf(inFlight.slot[ticket]!)
    return new EndedMessage(topic, partition, batch, index)
  }
}

/** Copies of what the batch holds, because its memory is filled anew once its records have ended. */
class EndedMessage implements DoneMessage {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly #packedHeaders: Buffer | undefined
  #headers: Headers | undefined

  constructor(topic: string, partition: number, batch: PackedBatch, index: number) {
    const start = batch.positions[index]!
    const keyLength = batch.keyLengths[index]!
    const headersLength = batch.headersLengths[index]!
    this.topic = topic
    this.partition = partition
    this.offset = batch.offsets[index]!
    this.timestamp = batch.timestamps[index]!
    this.key = keyLength < 0 ? null : copy(batch, start, keyLength)
    if (headersLength > 0) {
      const before = Math.max(0, keyLength) + Math.max(0, batch.valueLengths[index]!)
      this.#packedHeaders = copy(batch, start + before, headersLength)
    }
  }

  get headers(): Headers {
    if (this.#packedHeaders === undefined) return NO_HEADERS
    this.#headers ??= new HeaderList(decodeHeaders(this.#packedHeaders))
    return this.#headers
  }
}

function copy(batch: PackedBatch, start: number, length: number): Buffer {
  return Buffer.from(batch.bytes.subarray(start, start + length))
}

/** `ctx` of one attempt. It implements the runtime's own interface: what handlers get there is here too, or this does not compile. */
import type { Logger } from '@zk/runtime'
import type {
  AbortReason,
  ContextValues,
  HandlerAbort,
  Message,
  OutgoingRecord,
  ProcessContext,
  SendOptions,
  SentRecord,
} from '@zk/runtime/processor'
import { AttemptSends, type OnSend } from './attempt-sends.js'

export interface FakeContextOptions<S> {
  message: Message<unknown>
  attempt: number
  state: S
  values: ContextValues
  log: Logger
  /** Milliseconds; 0: the handler has no deadline. */
  processTimeoutMs: number
  /** The test's: aborts this attempt, for the reason that it says. */
  signal: AbortSignal | undefined
  onSend: OnSend | undefined
}

const reasons: readonly AbortReason[] = ['timeout', 'revoked', 'shutdown', 'aborted']
/** Of Node's timers. */
const MAX_DELAY_MS = 2 ** 31 - 1

export class FakeContext<S> implements ProcessContext<S> {
  readonly attempt: number
  readonly state: S
  readonly values: ContextValues
  readonly log: Logger
  readonly idempotencyKey: string
  readonly virtualPartition = 0
  readonly sends: AttemptSends
  readonly #controller = new AbortController()
  readonly #outer: AbortSignal | undefined
  #reason: AbortReason | undefined
  #deadline: number | undefined
  #timer: NodeJS.Timeout | undefined
  #ended = false

  /** Its deadline begins now. */
  constructor({ message, attempt, state, values, log, processTimeoutMs, signal, onSend }: FakeContextOptions<S>) {
    const { topic, partition, offset } = message
    this.attempt = attempt
    this.state = state
    this.values = values
    this.log = log
    this.idempotencyKey = `${topic}-${partition}-${offset}`
    this.sends = new AttemptSends(this.#controller.signal, onSend)
    this.#outer = signal
    if (processTimeoutMs > 0) this.#deadline = Date.now() + processTimeoutMs
    this.#arm()
    if (signal?.aborted) this.#onOuter()
    else signal?.addEventListener('abort', this.#onOuter, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get deadline(): number | undefined {
    return this.#deadline
  }

  extendDeadline(ms: number): boolean {
    if (typeof ms !== 'number' || !(ms >= 0)) {
      throw new RangeError(`extendDeadline(${String(ms)}): expected milliseconds, at least 0`)
    }
    if (this.#deadline === undefined || this.#ended || this.#reason !== undefined) return false
    if (Date.now() >= this.#deadline) return false
    this.#deadline += Math.round(ms)
    this.#arm()
    return true
  }

  send(topic: string, record: OutgoingRecord<unknown>, options?: SendOptions<unknown>): Promise<SentRecord> {
    const sent = this.sends.send(topic, record, options)
    // A handler need not look at it: what fails here fails its record.
    sent.catch(() => {})
    return sent
  }

  /** Why the handler was told to give up. */
  get abortReason(): AbortReason | undefined {
    return this.#reason
  }

  /** The attempt is over: its deadline passes unheard, and what it sends is too late. */
  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#onOuter)
  }

  readonly #onOuter = (): void => {
    const given: unknown = this.#outer?.reason
    this.#abort(reasons.find((reason) => reason === given) ?? 'aborted')
  }

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#deadline === undefined) return
    const left = Math.min(MAX_DELAY_MS, Math.max(0, this.#deadline - Date.now()))
    this.#timer = setTimeout(() => {
      // Timers may come a little early, and have a longest delay.
      if (Date.now() < this.#deadline!) this.#arm()
      else this.#abort('timeout')
    }, left)
  }

  #abort(reason: AbortReason): void {
    // Where the result is not wanted anyhow, a deadline that passes as well makes no failure of it.
    if (this.#reason === undefined || this.#reason === 'timeout') this.#reason = reason
    this.#controller.abort(abortError(reason))
  }
}

function abortError(reason: AbortReason): HandlerAbort {
  const why =
    reason === 'timeout'
      ? 'The handler has run past its deadline (processTimeoutMs)'
      : `The result of this handler is no longer wanted: ${reason}`
  return Object.assign(new Error(why), { name: 'AbortError', reason })
}

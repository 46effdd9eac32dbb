/**
 * Records whose format has to fetch something before it can decode them, such as the schema that their bytes name.
 *
 * Such a record has not been tried. It waits as one does that is tried again: it holds no lane, its key stays closed, the
 * board shows it as parked, with the attempt that it had. So a cut, a revoke, a circuit and a thread's death find nothing
 * that they do not know. It starts anew when the format is ready, and then its handler has its whole time.
 */
import type { Format, FormatPlace } from '@zk/formats'
import type { ReceivedRecords } from './received-records.js'
import { backoffMs, type RetryPolicy } from './retries.js'

/** Where handlers have no deadline: after so many ms the format is asked again. */
const PATIENCE_MS = 60_000
/** A registry that is down concerns every record: so often a thread says so, in milliseconds. */
const TOLD_EVERY_MS = 10_000

export interface PreparationsOptions {
  format: Pick<Format<unknown>, 'prepareDecode'>
  retry: Omit<RetryPolicy, 'attempts'>
  /** 0: handlers have no deadline. In milliseconds. */
  processTimeoutMs: number
  records: Pick<ReceivedRecords, 'has'>
  /** These need not wait any more, or until then, by the thread's clock: all that had the same answer together. */
  goOn(due: ReadonlyMap<number, number>): void
  /** Nothing comes of it but a line. */
  warn(ticket: number, fields: { err: unknown; retryInMs?: number; notLogged?: number }, message: string): void
}

interface Wait {
  readonly sequence: number
  /** How often the format failed for now. */
  readonly failures: number
  /** `asked`: no answer yet. `later`: it failed for now. `settled`: the record may start. */
  state: 'asked' | 'later' | 'settled'
  /** Why the record cannot be decoded. */
  refusal: { error: unknown } | undefined
}

export class Preparations {
  readonly #options: PreparationsOptions
  /** By slot. */
  readonly #places: FormatPlace[] = []
  /** By ticket. One of a record that has gone is overwritten by the next of its ticket. */
  readonly #waits = new Map<number, Wait>()
  #due = new Map<number, number>()
  #tellFrom = 0
  #notTold = 0

  constructor(options: PreparationsOptions) {
    this.#options = options
  }

  name(slot: number, topic: string): void {
    this.#places[slot] = { topic, part: 'value' }
  }

  /**
   * Before a start.
   * @returns undefined when the record may be decoded; else it has to wait, at most so many milliseconds
   */
  look(ticket: number, sequence: number, slot: number, rawValue: Uint8Array | null): number | undefined {
    const known = this.#waitOf(ticket, sequence)
    if (rawValue === null || known?.state === 'settled') return undefined
    const pending = this.#ask(rawValue, this.#places[slot]!)
    if (pending === undefined) {
      this.#waits.delete(ticket)
      return undefined
    }
    if (known?.state === 'asked') {
      this.#tell(
        ticket,
        { err: new Error('no answer yet') },
        'The format is not ready to decode; the record waits for it',
      )
    }
    const wait: Wait = { sequence, failures: known?.failures ?? 0, state: 'asked', refusal: undefined }
    this.#waits.set(ticket, wait)
    // Resolved, because a foreign thenable may settle twice.
    Promise.resolve(pending).then(
      () => this.#settled(ticket, wait, undefined),
      (error: unknown) => this.#settled(ticket, wait, { error }),
    )
    return this.#options.processTimeoutMs || PATIENCE_MS
  }

  /** The record starts. @returns what to decode it with instead, where it cannot be decoded: it throws why */
  take(ticket: number, sequence: number): Pick<Format<unknown>, 'decode'> | undefined {
    const wait = this.#waitOf(ticket, sequence)
    if (wait === undefined) return undefined
    this.#waits.delete(ticket)
    const { refusal } = wait
    if (refusal === undefined) return undefined
    return {
      decode: () => {
        throw refusal.error
      },
    }
  }

  /** The record does not wait here after all: the format will be asked anew. */
  forget(ticket: number): void {
    this.#waits.delete(ticket)
  }

  #waitOf(ticket: number, sequence: number): Wait | undefined {
    if (this.#waits.size === 0) return undefined
    const wait = this.#waits.get(ticket)
    return wait?.sequence === sequence ? wait : undefined
  }

  #ask(rawValue: Uint8Array, place: FormatPlace): Promise<void> | undefined {
    try {
      return this.#options.format.prepareDecode!(rawValue, place)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #settled(ticket: number, wait: Wait, failure: { error: unknown } | undefined): void {
    // Asked again since then, or gone.
    if (this.#waits.get(ticket) !== wait || !this.#options.records.has(ticket, wait.sequence)) return
    if (failure === undefined || !isForNow(failure.error)) {
      wait.state = 'settled'
      wait.refusal = failure
      this.#goOnIn(ticket, 0)
      return
    }
    const failures = wait.failures + 1
    this.#waits.set(ticket, { ...wait, failures, state: 'later' })
    const delayMs = backoffMs(this.#options.retry, failures)
    this.#tell(
      ticket,
      { err: failure.error, retryInMs: Math.round(delayMs) },
      'The format cannot decode for now; the record waits for it and is charged no attempt',
    )
    this.#goOnIn(ticket, delayMs)
  }

  #goOnIn(ticket: number, delayMs: number): void {
    if (this.#due.size === 0) queueMicrotask(this.#goOn)
    this.#due.set(ticket, performance.now() + delayMs)
  }

  readonly #goOn = () => {
    const due = this.#due
    this.#due = new Map()
    this.#options.goOn(due)
  }

  #tell(ticket: number, fields: { err: unknown; retryInMs?: number }, message: string): void {
    const now = performance.now()
    if (now < this.#tellFrom) {
      this.#notTold++
      return
    }
    const left = this.#notTold
    this.#tellFrom = now + TOLD_EVERY_MS
    this.#notTold = 0
    this.#options.warn(ticket, { ...fields, ...(left > 0 && { notLogged: left }) }, message)
  }
}

/** Nothing is wrong with the record. */
function isForNow(error: unknown): boolean {
  return (error as { retryable?: unknown } | null | undefined)?.retryable === true
}

/**
 * Writes that are not answered yet: how many and how large, who waits for them, and for how long.
 *
 * Each is settled once. There is no timer for a write: one look a second, while there is anything to look at, finds those that
 * nobody has answered in time.
 */
import { errors } from '../errors.js'
import type { SentRecord } from '../processor-types.js'
import type { ZkError } from '../zk-error.js'

const LOOK_MS = 1_000

export interface OutstandingLimits {
  topic: string
  records: number
  bytes: number
  /** After so many milliseconds a write has failed, whatever else has not happened. */
  timeoutMs: number
  timedOut(write: Write): ZkError
}

export class Write {
  readonly sequence: number
  readonly startedAt: number
  /** Of its key, value and headers; an estimate, or 0, until they are known. */
  bytes = 0
  /** The producer has it, so that it may be written whatever happens. */
  isHanded = false
  /** Of the monotonic clock, when the producer got it; for hooks alone. */
  sentAt = 0
  isSettled = false
  readonly resolve: (sent: SentRecord) => void
  readonly reject: (error: Error) => void

  constructor(sequence: number, resolve: (sent: SentRecord) => void, reject: (error: Error) => void) {
    this.sequence = sequence
    this.startedAt = performance.now()
    this.resolve = resolve
    this.reject = reject
  }
}

interface Flush {
  /** Writes from this sequence on do not matter to it. */
  readonly before: number
  left: number
  readonly done: () => void
}

export class OutstandingWrites {
  readonly #limits: OutstandingLimits
  /** In the order in which they were made, which is the order of their deadlines. */
  readonly #writes = new Set<Write>()
  #bytes = 0
  #next = 0
  #flushes: Flush[] = []
  #look: NodeJS.Timeout | undefined
  #ready: { promise: Promise<void>; resolve: () => void } | undefined

  constructor(limits: OutstandingLimits) {
    this.#limits = limits
  }

  get count(): number {
    return this.#writes.size
  }

  /** @throws ZkError ZK_WRITE_OVERFLOW */
  checkRoom(): void {
    const { topic, records, bytes } = this.#limits
    if (this.#writes.size < records && this.#bytes < bytes) return
    throw errors.ZK_WRITE_OVERFLOW(topic, this.#writes.size, this.#bytes)
  }

  begin(resolve: (sent: SentRecord) => void, reject: (error: Error) => void): Write {
    const write = new Write(this.#next++, resolve, reject)
    this.#writes.add(write)
    // It keeps the process alive for as long as somebody waits.
    this.#look ??= setInterval(() => this.#lookForLate(performance.now()), LOOK_MS)
    return write
  }

  /** So much of its record is known. */
  weigh(write: Write, bytes: number): void {
    write.bytes += bytes
    this.#bytes += bytes
  }

  succeeded(write: Write, sent: SentRecord): void {
    if (this.#settle(write)) write.resolve(sent)
  }

  failed(write: Write, error: Error): void {
    if (this.#settle(write)) write.reject(error)
  }

  failAll(errorOf: (write: Write) => Error): void {
    for (const write of this.#writes) this.failed(write, errorOf(write))
  }

  /** Resolves when less than half of what may be outstanding is. */
  get ready(): Promise<void> {
    if (this.#hasRoom()) return READY
    if (this.#ready === undefined) {
      let resolve = () => {}
      const promise = new Promise<void>((settle) => {
        resolve = settle
      })
      this.#ready = { promise, resolve }
    }
    return this.#ready.promise
  }

  /** @returns whether what is outstanding now was answered within that time */
  flush(timeoutMs: number): Promise<boolean> {
    if (this.#writes.size === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const flush: Flush = {
        before: this.#next,
        left: this.#writes.size,
        done: () => {
          clearTimeout(timer)
          resolve(true)
        },
      }
      const timer = setTimeout(() => {
        this.#flushes = this.#flushes.filter((one) => one !== flush)
        resolve(false)
      }, timeoutMs)
      this.#flushes.push(flush)
    })
  }

  #hasRoom(): boolean {
    const { records, bytes } = this.#limits
    return this.#writes.size * 2 < records + 1 && this.#bytes * 2 < bytes
  }

  /** @returns whether it was not settled before */
  #settle(write: Write): boolean {
    if (write.isSettled) return false
    write.isSettled = true
    this.#writes.delete(write)
    this.#bytes -= write.bytes
    if (this.#writes.size === 0) {
      clearInterval(this.#look)
      this.#look = undefined
    }
    if (this.#ready !== undefined && this.#hasRoom()) {
      this.#ready.resolve()
      this.#ready = undefined
    }
    if (this.#flushes.length > 0) this.#flushed(write)
    return true
  }

  #flushed({ sequence }: Write): void {
    for (const flush of this.#flushes) {
      if (sequence >= flush.before) continue
      flush.left--
      if (flush.left === 0) flush.done()
    }
    this.#flushes = this.#flushes.filter(({ left }) => left > 0)
  }

  #lookForLate(now: number): void {
    for (const write of this.#writes) {
      if (now - write.startedAt < this.#limits.timeoutMs) return
      this.failed(write, this.#limits.timedOut(write))
    }
  }
}

const READY = Promise.resolve()

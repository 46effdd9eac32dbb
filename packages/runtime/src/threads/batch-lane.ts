/**
 * Batches of one thread: when one starts, what is in it, and what becomes of its records.
 *
 * A batch may hold several records of one key, in their order; the key's next ones wait until it has ended. Each record is a
 * delivery of its own, on the board and for main: it is published as running, ends, fails and is tried again as one that runs
 * alone. Two things differ. A record that is to be tried again takes those of its key behind it along, whatever became of
 * them, or they would be finished before it. And where the handler throws, nobody knows whose fault it was: as after the
 * death of a thread in which several ran, each is tried alone, and that attempt is charged.
 *
 * A batch that is not full waits for more, at most `maxWaitMs`, and not at all once main has something to say (a cut, a permit
 * of a circuit) or will send nothing more for now (a record that has to be alone, a window that is nearly used up).
 */
import { performance } from 'node:perf_hooks'
import type { Fault, RunningBatch } from './batch-context.js'
import { BatchEnd } from './batch-end.js'
import { AloneDeliveries, type BatchLaneOptions } from './batch-parts.js'
import { BatchStart } from './batch-start.js'

export class BatchLane {
  readonly #options: BatchLaneOptions
  readonly #start: BatchStart
  readonly #end: BatchEnd
  #inProgress = 0
  /** Once so many wait, in whichever way, main may have nothing more to send. */
  #windowFullAt = Number.POSITIVE_INFINITY
  /** Since when records wait for a batch to start, on the thread's clock. */
  #waitsSince: number | undefined
  #hurries = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: BatchLaneOptions) {
    this.#options = options
    const alone = new AloneDeliveries(options.capacity)
    this.#start = new BatchStart(options, alone)
    this.#end = new BatchEnd(options, alone)
    options.board.publishBatches()
  }

  /** @param flushAcks a quarter of what the window has for this thread, or 0: nothing follows what was sent */
  expect(flushAcks: number): void {
    // Half of it: the rest may be with main, which sends it only when some of this has ended.
    this.#windowFullAt = Math.max(1, 2 * flushAcks)
  }

  /** What waits does not wait for company any longer. */
  hurry(): void {
    this.#hurries = true
  }

  /**
   * Starts a batch where one is due.
   * @param now the thread's `performance.now()` @returns whether another one may follow at once
   */
  start(now: number): boolean {
    if (!this.#isDue(now)) return false
    const waitedSince = this.#waitsSince
    const { queue } = this.#options
    const before = queue.ready
    const batch = this.#start.collect(now)
    // What is left may have waited as long.
    this.#waitsSince = queue.ready > 0 ? waitedSince : undefined
    this.#hurries &&= queue.ready > 0
    if (batch.entries.length === 0) return queue.ready > 0 && queue.ready < before
    this.#run(batch)
    return true
  }

  // ── starts ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #isDue(now: number): boolean {
    const { board, queue, records, maxSize, maxWaitMs, concurrency } = this.#options
    if (queue.ready === 0) {
      this.#hurries = false
      this.#waitsSince = undefined
      return false
    }
    this.#waitsSince ??= now
    if (this.#inProgress >= (concurrency === 'auto' ? board.concurrency : concurrency)) return false
    const left = this.#waitsSince + maxWaitMs - now
    if (left <= 0 || this.#hurries || queue.queued >= this.#windowFullAt) return true
    if (queue.hasTogether(maxSize, (ticket) => records.key(ticket))) return true
    this.#timer ??= setTimeout(this.#onTimer, Math.ceil(left))
    return false
  }

  readonly #onTimer = () => {
    this.#timer = undefined
    this.#options.pump()
  }

  // ── ends ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #run(batch: RunningBatch): void {
    const { board, contexts, processor, watchMemory } = this.#options
    this.#inProgress++
    for (const { ticket, context } of batch.entries) contexts[ticket] = context
    const { messages } = batch
    let result: unknown
    let isPromise: boolean
    try {
      result = messages.length === 0 ? undefined : processor.processBatch(messages, batch)
      isPromise = typeof (result as PromiseLike<unknown> | undefined)?.then === 'function'
    } catch (error) {
      board.leaveStack()
      this.#settled(batch, { error })
      return
    }
    board.leaveStack()
    if (!isPromise) {
      this.#settled(batch, undefined)
      return
    }
    watchMemory()
    // Resolved, because a foreign thenable may settle twice.
    void Promise.resolve(result).then(
      () => this.#settled(batch, undefined),
      (error: unknown) => this.#settled(batch, { error }),
    )
  }

  #settled(batch: RunningBatch, thrown: Fault | undefined): void {
    batch.endSends((failedSend) => {
      const fault = thrown ?? failedSend
      this.#end.end(batch, fault)
      this.#inProgress--
      this.#options.lanes?.ended(performance.now() - batch.started, fault === undefined)
      this.#options.pump()
    })
  }
}

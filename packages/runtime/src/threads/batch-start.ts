/** What is in a batch, and in which order: each ready key gives one record, then those keys more. */
import { NO_KEY } from '@zk/engine/in-thread'
import { type BatchEntry, BatchedDelivery, type Fault, RunningBatch } from './batch-context.js'
import { type AloneDeliveries, type BatchLaneOptions, waitBehind } from './batch-parts.js'
import { FrameMessage } from './message.js'

export class BatchStart {
  readonly #options: BatchLaneOptions
  readonly #alone: AloneDeliveries

  constructor(options: BatchLaneOptions, alone: AloneDeliveries) {
    this.#options = options
    this.#alone = alone
  }

  /** @param started the thread's `performance.now()` @returns empty where nothing may start after all */
  collect(started: number): RunningBatch {
    const { queue, records, board, held, maxSize, surroundings } = this.#options
    const batch = new RunningBatch(surroundings, started)
    const { entries } = batch
    /** Keys of which more may follow. */
    let keys: number[] = []
    while (entries.length < maxSize && !held.all) {
      const ticket = queue.take()
      if (ticket < 0) break
      // A circuit's probe is one record, too.
      const isAlone = this.#isAlone(ticket) || !board.areStartsFree(records.slot(ticket))
      if (isAlone && entries.length > 0) {
        queue.putBack(ticket)
        break
      }
      const entry = this.#admit(ticket, batch, false)
      if (entry === undefined) continue
      entries.push(entry)
      if (isAlone) return batch
      if (entry.key !== NO_KEY && entry.fault === undefined) keys.push(entry.key)
    }
    while (keys.length > 0 && entries.length < maxSize) keys = keys.filter((key) => this.#follows(key, batch))
    // As they were sent: in the order of each key, and of each partition but for what was tried before.
    entries.sort((a, b) => (a.sequence - b.sequence) | 0)
    return batch
  }

  /** Takes the next of the key into the batch. @returns whether another may follow */
  #follows(key: number, batch: RunningBatch): boolean {
    const { queue, maxSize } = this.#options
    const { entries } = batch
    if (entries.length >= maxSize) return false
    const ticket = queue.takeBehind(key)
    if (ticket < 0) return false
    if (this.#isAlone(ticket)) {
      queue.putBehind(key, [ticket])
      return false
    }
    const entry = this.#admit(ticket, batch, true)
    if (entry === undefined) return false
    entries.push(entry)
    return entry.fault === undefined
  }

  /** @returns undefined where it does not start now */
  #admit(ticket: number, batch: RunningBatch, isBehind: boolean): BatchEntry | undefined {
    const { records, board, handBack, held, marks, surroundings, processor, ends } = this.#options
    const { preparations } = ends
    const frame = records.frame(ticket)
    const i = records.place(ticket)
    const slot = frame.slot(i)
    const sequence = frame.sequence(i)
    const attempt = board.start(ticket, slot, frame.epoch(i), frame.offset(i), batch.started)
    const isUsual = attempt === frame.attempt(i) && !handBack.refuses
    if (!isUsual && ends.mustNotStart(ticket, attempt, batch.started)) return undefined
    const name = this.#options.nameOf(slot)
    let message = new FrameMessage(frame, i, name, processor.format)
    if (isBehind && this.#cannotFollow(ticket, slot, message)) return undefined
    if (!isBehind && ends.mustWait(ticket, message, batch.started)) return undefined
    if (!board.mayStart(slot)) {
      if (isBehind) waitBehind(this.#options, [ticket])
      else held.hold(ticket, slot, attempt !== frame.attempt(i))
      return undefined
    }
    const refusing = preparations?.take(ticket, sequence)
    if (refusing !== undefined) message = new FrameMessage(frame, i, name, refusing)
    marks?.begin(ticket, slot, message.offset)
    const context = new BatchedDelivery(surroundings, message, { ticket, sequence, attempt }, batch)
    const beginnings = this.#options.around.map((begin) => begin(message, context))
    return {
      ...{ ticket, sequence, key: records.key(ticket), message, context, isPutBack: false },
      ends: beginnings.reverse(),
      fault: this.#faultOf(message),
    }
  }

  /** Bytes that do not decode are a failure of their record; the others go on. */
  #faultOf(message: FrameMessage<unknown>): Fault | undefined {
    try {
      if (this.#options.processor.format !== undefined) message.value
      return undefined
    } catch (error) {
      return { error }
    }
  }

  /** Its format has to fetch something: it waits for that once it is the first of its key. */
  #cannotFollow(ticket: number, slot: number, message: FrameMessage<unknown>): boolean {
    const { ends, records } = this.#options
    const { preparations } = ends
    if (preparations?.look(ticket, records.sequence(ticket), slot, message.rawValue) === undefined) return false
    preparations.forget(ticket)
    waitBehind(this.#options, [ticket])
    return true
  }

  #isAlone(ticket: number): boolean {
    return this.#alone.has(ticket, this.#options.records.sequence(ticket))
  }
}

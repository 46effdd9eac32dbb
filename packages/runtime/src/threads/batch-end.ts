/**
 * What becomes of the records of a batch whose handler has ended, in order, so that the first of a key that is tried again can
 * take those behind it along before they are finished.
 */
import { performance } from 'node:perf_hooks'
import type { AbortReason } from '../processor-types.js'
import type { BatchEntry, Fault, RunningBatch } from './batch-context.js'
import { type AloneDeliveries, type BatchLaneOptions, waitBehind } from './batch-parts.js'
import { backoffMs } from './retries.js'

export class BatchEnd {
  readonly #options: BatchLaneOptions
  readonly #alone: AloneDeliveries

  constructor(options: BatchLaneOptions, alone: AloneDeliveries) {
    this.#options = options
    this.#alone = alone
  }

  /** @param thrown of the whole batch */
  end(batch: RunningBatch, thrown: Fault | undefined): void {
    const { contexts, ends } = this.#options
    const { entries } = batch
    // Each has its share, or the sum would be a multiple of the time that there was.
    const share = (performance.now() - batch.started) / entries.length
    for (const { ticket, ends: around, fault = thrown } of entries) {
      contexts[ticket] = undefined
      for (const end of around) end(fault)
    }
    const nobodyKnows = thrown !== undefined && entries.length > 1 && this.#mayBeInnocent(batch, thrown)
    for (const entry of entries) {
      const { ticket, context, fault } = entry
      if (entry.isPutBack) continue
      const { error } = fault ?? thrown ?? {}
      // Asked anew: it takes as long to end a large batch as a short handler of it may have run.
      const from = performance.now() - share
      if (fault === undefined && thrown === undefined) ends.end(ticket, 'done', from)
      else if (isUnwanted(context.abortReason)) {
        this.#putBackBehind(entry, batch)
        ends.giveUp(ticket, from)
      } else if (fault === undefined && nobodyKnows) this.#tryAlone(entry, batch, from)
      else {
        const cause = fault === undefined && context.abortReason === 'timeout' ? 'timeout' : 'error'
        ends.fail(ticket, error, cause, from, () => this.#putBackBehind(entry, batch))
      }
    }
  }

  /** What was thrown says nothing of any one record. */
  #mayBeInnocent({ entries, abortReason }: RunningBatch, { error }: Fault): boolean {
    // Told to give up for some of its records, it has for all.
    if (isUnwanted(abortReason)) return true
    const { ends, surroundings } = this.#options
    const { decision } = ends
    const { message } = entries[0]!
    const log = () => surroundings.logFor(message, message.offset)
    if (!decision.judge(error, true, log).retryable) return false
    const fields = { err: error, messages: entries.length }
    decision.warn(fields, 'A batch failed as a whole; its messages are tried one by one', performance.now(), log)
    // Those too that wait behind an earlier one of their key.
    for (const { ticket, sequence, fault } of entries) if (fault === undefined) this.#alone.add(ticket, sequence)
    return true
  }

  /** It is tried in a batch of its own, and charged nothing. */
  #tryAlone(entry: BatchEntry, batch: RunningBatch, from: number): void {
    const { board, handBack, marks, records, retry, ends } = this.#options
    const { ticket } = entry
    this.#putBackBehind(entry, batch)
    if (handBack.isClosing(records.slot(ticket), records.epoch(ticket))) {
      ends.giveUp(ticket, from)
      return
    }
    marks?.end(ticket)
    // Given up for others of the batch, it has not failed.
    ends.postpone(ticket, isUnwanted(batch.abortReason) ? 0 : backoffMs(retry, board.attemptOf(ticket)))
  }

  /** Those of its key behind it wait behind it again: none may be finished before it. */
  #putBackBehind(entry: BatchEntry, batch: RunningBatch): void {
    const { marks, records } = this.#options
    const tickets: number[] = []
    for (const other of batch.behind(entry)) {
      if (other.isPutBack) continue
      other.isPutBack = true
      tickets.push(other.ticket)
      marks?.end(other.ticket)
      records.keepAlone(other.ticket)
    }
    waitBehind(this.#options, tickets)
  }
}

/** The result is not wanted, whatever it is. */
function isUnwanted(reason: AbortReason | undefined): boolean {
  return reason !== undefined && reason !== 'timeout'
}

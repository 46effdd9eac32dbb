/** What an engine is made with, from the shape of a schedule. */
import type { WorkEngineOptions } from '@zk/engine'
import type { Shape } from '../shape.js'

export function optionsOf(shape: Shape): WorkEngineOptions {
  return {
    threads: shape.threads,
    concurrency: shape.concurrency,
    ordering: shape.ordering,
    affinity: shape.affinity,
    window: shape.window,
    spareRows: shape.spareRows,
    maxUncommittedRecords: shape.maxUncommittedRecords,
    delayMs: shape.delayMs,
    attempts: shape.attempts,
    deadLetters: shape.deadLetters,
    onExhausted: shape.onExhausted,
    circuit: shape.circuit,
    flood: shape.flood,
    processDeathLimit: shape.processDeathLimit,
    reportCompletions: shape.reportCompletions,
    firstSequence: shape.firstSequence,
  }
}

import { Checker } from '../src/checker/checker.js'
import type { ModelLimits } from '../src/checker/model-log.js'

/** One partition with five records at 0 to 4 and keys 0, 1, 0, 1, 0, and a checker that watches it. */
export function story(limits: Partial<ModelLimits> = {}) {
  const records = {
    partition: [0, 0, 0, 0, 0],
    offset: [0, 1, 2, 3, 4],
    key: [0, 1, 0, 1, 0],
    size: [10, 10, 10, 10, 10],
    unprotected: [0, 0, 0, 0, 0],
    timestamp: [-1, -1, -1, -1, -1],
  }
  const log = {
    ids: [0, 1, 2, 3, 4],
    end: 5,
    exists: true,
    committed: undefined as { offset: number; finished: readonly number[] } | undefined,
    indexOf: (offset: number) => offset,
  }
  const checker = new Checker(records, [log], {
    ordering: 'key',
    attempts: 1,
    deadLetters: false,
    onExhausted: 'complete',
    delayMs: 0,
    circuit: undefined,
    processDeathLimit: undefined,
    flood: undefined,
    maxUncommittedRecords: 100,
    window: { maxMessages: 2, maxBytes: 1_000 },
    ...limits,
  })
  const began = (member: number, from = 0, inherited: readonly number[] = []) => {
    const tenure = checker.began(member, 0, from, inherited, true)
    for (const record of log.ids.slice(from)) checker.opened(tenure, record, 0)
    return tenure
  }
  const process = (tenure: number, ...offsets: number[]) => {
    for (const record of offsets) {
      checker.started(tenure, record, 0, 1, 0)
      checker.ended(tenure, record)
    }
  }
  const commit = (tenure: number, offset: number, finished: readonly number[] = []) => {
    checker.stored(tenure, 0, offset, finished)
    log.committed = { offset, finished }
    checker.taken(tenure, offset, finished)
  }
  return { checker, began, process, commit, log, records }
}

import { expect, test } from 'vitest'
import type { Logger } from '../../src/log/logger.js'
import { Ownership } from '../../src/work/ownership.js'
import { engineDesk, TOPIC } from './engine-desk.js'

const PARTITION = { topic: TOPIC, partition: 0 }

/** Ownership of a real engine: what it hands over for commit is written down, and so is what becomes known. */
function desk() {
  const stored: string[] = []
  const happened: string[] = []
  const { engine, read, finish } = engineDesk({
    store: (slot, offset) => void stored.push(`${engine.assignments.at(slot)!.epoch}@${offset}`),
    drained: (slots, complete) => ownership.drained(slots, complete),
  })
  const quiet = () => {}
  const ownership: Ownership = new Ownership({
    engine,
    host: {
      announce: quiet,
      abort: (_slots, reason) => void happened.push(`abort: ${reason}`),
    },
    commits: {
      commit: async () => {
        happened.push('commit')
        return undefined
      },
    },
    clock: { now: () => 0 },
    logger: { info: quiet, warn: quiet } as unknown as Logger,
    drainTimeoutMs: 1_000,
    emit: (event) => void happened.push(event.type),
  })
  return {
    ...{ engine, ownership, read, finish },
    assign: (known = {}) => ownership.assigned([{ ...PARTITION, ...known }])[0]!,
    /** What may be committed now and was not before, as `epoch@offset`. */
    stored() {
      engine.storeWatermarks()
      return stored.splice(0)
    },
    happened: () => happened.splice(0),
  }
}

test('of a topic that was made anew and stays empty nothing is committed: the old offset says nothing of it', () => {
  const { engine, ownership, read, finish, assign, stored } = desk()
  const slot = assign({ committed: 5, finished: [8, 9] })
  read(slot, 5, 6, 7)
  finish(slot, 5, 6)
  expect(stored()).toEqual(['1@7'])
  finish(slot, 7)
  ownership.voided(PARTITION)
  assign()
  expect(stored()).toEqual([])
  // Its end is told when there is nothing in it.
  engine.reachedEnd(slot, 0)
  expect(stored()).toEqual(['2@0'])
  read(slot, 0)
  finish(slot, 0)
  expect(stored()).toEqual(['2@1'])
})

test('what still runs of a topic that was made anew completes nothing of the new one', () => {
  const { engine, ownership, read, finish, assign, stored } = desk()
  const slot = assign()
  read(slot, 5, 6)
  ownership.voided(PARTITION)
  assign()
  finish(slot, 5, 6)
  expect([stored(), engine.counters.processed]).toEqual([[], 0])
})

test('a revoke waits for what runs, commits it, and tells of it before the epoch ends', async () => {
  const { engine, ownership, read, finish, assign, happened } = desk()
  const slot = assign()
  read(slot, 5)
  happened()
  const revoked = ownership.revoked([PARTITION])
  expect(engine.assignments.at(slot)!.state).toBe('draining')
  finish(slot, 5)
  await revoked
  expect(happened()).toEqual(['commit', 'revoked'])
  expect(engine.assignments.at(slot)).toBeUndefined()
})

test('a lost partition is neither waited for nor committed', () => {
  const { engine, ownership, read, assign, happened } = desk()
  const slot = assign()
  read(slot, 5)
  happened()
  ownership.lost([PARTITION])
  expect(happened()).toEqual(['abort: revoked', 'lost'])
  expect(engine.assignments.at(slot)).toBeUndefined()
})

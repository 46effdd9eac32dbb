import { AssignmentTable, InFlightTable } from '@zk/engine'
import { expect, test } from 'vitest'
import { MainThread } from '../../src/health/main-thread.js'
import { type PackedBatch, packRecords, TimestampType } from '../../src/kafka/packed-batch.js'
import type { Logger } from '../../src/log/logger.js'
import { DoneCallbacks, type DoneMessage, type DoneOutcome, type OnDone } from '../../src/work/done-callbacks.js'

const quiet = () => {}
const logger: Logger = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet }

/** Two records that have ended: one with everything, one with nothing. */
function desk(callbacks: readonly OnDone[]) {
  const inFlight = new InFlightTable<PackedBatch>(4)
  const assignments = new AssignmentTable()
  const { slot } = assignments.assign({ topic: 'orders', partition: 3 })
  const common = { slot, timestampType: TimestampType.create }
  const batch = packRecords([
    {
      ...common,
      ...{ offset: 10, timestamp: 1_700, key: Buffer.from('k'), value: Buffer.from('value') },
      headers: [
        ['h', Buffer.from('1')],
        ['none', null],
      ],
    },
    { ...common, offset: 11, timestamp: -1, key: null, value: null, headers: [] },
  ])
  const tickets = [0, 1].map((index) => {
    const ticket = inFlight.take()
    inFlight.batch[ticket] = batch
    inFlight.index[ticket] = index
    inFlight.slot[ticket] = slot
    inFlight.attempt[ticket] = index + 1
    return ticket
  })
  const mainThread = new MainThread(logger)
  const done = new DoneCallbacks({ callbacks, engine: { inFlight, assignments }, mainThread })
  return { done, mainThread, tickets: tickets as [number, number], batch }
}

const turned = () => new Promise(setImmediate)

test('each callback gets the record and its outcome, in the user’s order, and not within the engine’s step', async () => {
  const heard: [string, DoneMessage, DoneOutcome][] = []
  const { done, tickets, batch } = desk([
    (message, outcome) => void heard.push(['first', message, outcome]),
    (message, outcome) => void heard.push(['second', message, outcome]),
  ])
  done.tell(tickets[0], 'done', { durationMs: 1.5 })
  const error = { name: 'Error', message: 'refused' }
  done.tell(tickets[1], 'dead-lettered', { cause: 'timeout', error, attempts: 4 })
  expect(heard).toEqual([])
  // The memory of a batch is filled anew once its records have ended.
  batch.bytes.fill(0xff)
  await turned()

  expect(heard.map(([who, { offset }]) => `${who} ${offset}`)).toEqual([
    'first 10',
    'second 10',
    'first 11',
    'second 11',
  ])
  const [, full, outcome] = heard[0]!
  expect(full).toMatchObject({ topic: 'orders', partition: 3, offset: 10, timestamp: 1_700, key: Buffer.from('k') })
  expect([...full.headers]).toEqual([
    ['h', Buffer.from('1')],
    ['none', null],
  ])
  expect(outcome).toEqual({ status: 'done', attempts: 1, durationMs: 1.5 })
  const [, bare, failure] = heard[2]!
  expect(bare).toMatchObject({ offset: 11, timestamp: -1, key: null })
  expect([...bare.headers]).toEqual([])
  expect(failure).toMatchObject({ status: 'dead-lettered', attempts: 4, cause: 'timeout', durationMs: undefined })
  expect((failure as { error: Error }).error).toMatchObject({ message: 'refused' })
})

test('one that throws and one that rejects are counted, and the next are called all the same', async () => {
  const heard: number[] = []
  const { done, mainThread, tickets } = desk([
    () => {
      throw new Error('the first’s')
    },
    () => Promise.reject(new Error('the second’s')),
    ({ offset }) => void heard.push(offset),
  ])
  done.tell(tickets[0], 'done')
  done.tell(tickets[1], 'failed')
  await turned()
  expect(heard).toEqual([10, 11])
  expect(mainThread.callbackErrors()).toEqual([['onDone', 4]])
})

test('without callbacks nothing is made of a record', () => {
  const { done } = desk([])
  expect(done.any).toBe(false)
  // A row that does not exist: it is not looked at.
  done.tell(99, 'done')
})

import { AssignmentTable } from '@zk/engine'
import { expect, test, vi } from 'vitest'
import { UntilEnd } from '../../src/work/until-end.js'

const end = (partition: number, end: number) => ({ topic: 't', partition, end })
const none = async (partitions: readonly unknown[]) => partitions.map(() => undefined)

test('nothing is reached before the ends are known', () => {
  expect(new UntilEnd(none).reached(new AssignmentTable(), 0)).toBe(false)
})

test('topics without records are read at once', () => {
  const until = new UntilEnd(none)
  until.begin([])
  expect(until.reached(new AssignmentTable(), 0)).toBe(true)
})

test('an own partition is read when its watermark is at the end, by records or by the end itself', () => {
  const until = new UntilEnd(none)
  until.begin([end(0, 2), end(1, 5)])
  const table = new AssignmentTable()
  const [first, second] = [table.assign({ topic: 't', partition: 0 }), table.assign({ topic: 't', partition: 1 })]
  const ticket = first.tracker.open(1)
  second.tracker.reachedEnd(5)
  expect(until.reached(table, 0)).toBe(false)
  first.tracker.finish(ticket)
  expect(until.reached(table, 0)).toBe(true)
})

test("another member's partition counts when the group has committed its end, asked once a second", async () => {
  let committed = 3
  const ask = vi.fn(async (partitions: readonly unknown[]) => partitions.map(() => committed))
  const until = new UntilEnd(ask)
  until.begin([end(0, 4)])
  const table = new AssignmentTable()
  expect(until.reached(table, 0)).toBe(false)
  await vi.waitFor(() => expect(ask).toHaveResolvedTimes(1))
  expect(until.reached(table, 500)).toBe(false)
  expect(ask).toHaveBeenCalledTimes(1)
  committed = 4
  expect(until.reached(table, 1_500)).toBe(false)
  await vi.waitFor(() => expect(ask).toHaveResolvedTimes(2))
  expect(until.reached(table, 1_600)).toBe(true)
})

test('a coordinator that does not answer is asked again', async () => {
  const ask = vi.fn(async () => {
    throw new Error('not now')
  })
  const until = new UntilEnd(ask)
  until.begin([end(0, 4)])
  until.reached(new AssignmentTable(), 0)
  await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(1))
  await Promise.resolve()
  until.reached(new AssignmentTable(), 2_000)
  await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2))
})

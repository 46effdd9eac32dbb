/** When a partition stands still, and when that is said. */
import { expect, test } from 'vitest'
import { house, STALL_MS, TOPIC } from './house.js'

test('a stall is logged once, with what it waits for, and once more when the partition moves on', () => {
  const one = house().start()
  one.read([7, 8])
  one.begins(7)
  one.passes(STALL_MS - 1_000)
  expect(one.logged()).toEqual([])
  one.passes(60_000)
  const [warning, ...more] = one.logged()
  expect(more).toEqual([])
  expect(warning).toMatchObject({
    level: 'warn',
    fields: { topic: TOPIC, partition: 0, watermark: 7, lag: 2, key: 'a', cause: { type: 'sleeping' } },
  })
  expect(warning!.message).toMatch(
    /^orders\[0\] stands at offset 7 \(key a\) since \S+Z \(30 s\) with a lag of 2: its handler runs in thread 0 since \S+Z \(31 s\) and waits for something \(sleeping\)$/,
  )
  expect([...one.detector.counts]).toEqual([['sleeping', 1]])
  one.finishes(7)
  one.passes(1_000)
  expect(one.logged()).toMatchObject([
    { level: 'info', fields: { partition: 0, watermark: 8, stoodAt: 7, cause: 'sleeping' } },
  ])
  expect(one.detector.stalls).toEqual([])
})

test('a partition that is paused because it runs too far ahead is no exception', () => {
  const one = house({ maxUncommittedRecords: 2 }).start()
  one.read([7, 8, 9])
  expect(one.engine.assignments.at(0)!.paused).toBe(true)
  one.begins(7)
  one.passes(STALL_MS + 1_000)
  expect(one.stall()!.cause.type).toBe('sleeping')
})

test('with nothing to do no time counts: a record that comes later has all of it', () => {
  const one = house().start()
  one.engine.reachedEnd(0, 7)
  one.detector.reachedEnd(0, 7)
  one.passes(STALL_MS * 2)
  expect(one.stall()).toBeUndefined()
  one.read([7])
  one.begins(7)
  one.passes(STALL_MS - 2_000)
  expect(one.stall()).toBeUndefined()
  expect(one.detector.stoodMs(0, one.now)).toBeGreaterThan(20_000)
  one.passes(4_000)
  expect(one.stall()).toBeDefined()
})

test('at the end that the broker told nothing is waited for while what lies behind cannot be read: an open transaction', async () => {
  const one = house().start()
  one.engine.reachedEnd(0, 7)
  one.detector.reachedEnd(0, 7)
  one.endsAt(12)
  one.readableEndsAt(7)
  for (let times = 0; times < 4; times++) {
    one.passes(STALL_MS)
    await one.answered()
  }
  expect(one.stall()).toBeUndefined()
  expect(one.asked()).toEqual([0, 0, 0])
})

test('broker-silent: also at the end that the broker told, when it has had more to read for as long as a stall takes', async () => {
  const one = house().start()
  one.engine.reachedEnd(0, 7)
  one.detector.reachedEnd(0, 7)
  one.endsAt(12)
  one.readableEndsAt(9)
  one.passes(STALL_MS + 1_000)
  await one.answered()
  one.passes(STALL_MS - 1_000)
  expect(one.stall()).toBeUndefined()
  one.passes(1_000)
  expect(one.stall()).toMatchObject({ watermark: 7, lag: 5, cause: { type: 'broker-silent' } })
  expect(one.asked()).toEqual([0])
})

test('an answer that was on its way when the partition moved says nothing of where it stands now', async () => {
  const one = house().start()
  one.engine.reachedEnd(0, 7)
  one.detector.reachedEnd(0, 7)
  one.endsAt(12)
  one.readableEndsAt(9)
  one.passes(STALL_MS + 1_000)
  expect(one.asked()).toEqual([0])
  one.engine.reachedEnd(0, 10)
  one.detector.reachedEnd(0, 10)
  one.passes(1_000)
  await one.answered()
  one.readableEndsAt(10)
  one.passes(2 * STALL_MS)
  expect(one.stall()).toBeUndefined()
})

test('a partition at its end is asked for by nobody', () => {
  const one = house().start()
  one.engine.reachedEnd(0, 7)
  one.detector.reachedEnd(0, 7)
  one.endsAt(7)
  one.passes(3 * STALL_MS)
  expect([one.stall(), one.asked()]).toEqual([undefined, []])
})

test('the end of an assignment before does not count', () => {
  const one = house().start()
  one.engine.reachedEnd(0, 7)
  one.detector.reachedEnd(0, 7)
  one.engine.gone([0])
  one.engine.assigned([{ topic: TOPIC, partition: 0 }])
  one.read([6])
  one.begins(6)
  one.finishes(6)
  one.endsAt(12)
  one.passes(STALL_MS + 2_000)
  expect(one.stall()).toMatchObject({ watermark: 7, cause: { type: 'broker-silent' } })
})

test('the time in which the process was frozen does not count', () => {
  const one = house().start()
  one.read([7])
  one.begins(7)
  one.passes(5_000)
  one.freezes(600_000)
  one.passes(STALL_MS - 8_000)
  expect(one.stall()).toBeUndefined()
  one.passes(5_000)
  expect(one.stall()).toBeDefined()
})

test('a partition that comes back begins anew, and one that went is forgotten', () => {
  const one = house().start()
  one.read([7])
  one.begins(7)
  one.passes(STALL_MS + 1_000)
  one.engine.gone([0])
  one.passes(1_000)
  expect(one.detector.stalls).toEqual([])
  one.engine.assigned([{ topic: TOPIC, partition: 0 }])
  one.read([7])
  one.passes(STALL_MS - 1_000)
  expect(one.detector.stalls).toEqual([])
})

test('also one that goes and comes back between two looks', () => {
  const one = house().start()
  one.read([7])
  one.begins(7)
  one.passes(STALL_MS - 5_000)
  one.engine.gone([0])
  one.engine.assigned([{ topic: TOPIC, partition: 0 }])
  one.read([7])
  one.passes(STALL_MS - 1_000)
  expect(one.detector.stalls).toEqual([])
})

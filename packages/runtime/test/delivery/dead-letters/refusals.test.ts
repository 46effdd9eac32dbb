/** What the topic refuses is tried again, and that it refuses is told. */
import { expect, test, vi } from 'vitest'
import { failures, LOST, log, offsets, open, producer, REFUSED, writer } from './refusing-topic.js'

test('what was refused comes first, alone, in order, after a backoff that grows to ten seconds', () => {
  const letters = open()
  const { done, write } = writer(letters)
  for (const offset of [1, 2, 3, 4]) write(offset)
  producer.take()[0]!.report()
  const [two, three, four] = producer.take()
  two!.report(REFUSED)
  three!.report()
  four!.report(REFUSED)
  for (const ms of [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]) {
    expect(producer.take()).toEqual([])
    vi.advanceTimersByTime(ms - 1)
    expect(producer.take()).toEqual([])
    vi.advanceTimersByTime(1)
    const retried = producer.take()
    expect(offsets(retried)).toEqual([2])
    retried[0]!.report(REFUSED)
  }
  expect(letters.health()).toMatchObject({ waiting: 2, written: 2, refused: 11, retried: 9, reason: REFUSED.message })
  vi.advanceTimersByTime(10_000)
  producer.take()[0]!.report()
  const rest = producer.take()
  expect(offsets(rest)).toEqual([4])
  rest[0]!.report()
  expect(done).toEqual([
    [1, true],
    [3, true],
    [2, true],
    [4, true],
  ])
  expect(letters.health()).toMatchObject({ waiting: 0, reason: undefined, refusingMs: undefined })
})

test('once it is written again all is as before: whole groups, and the first backoff', () => {
  const { write } = writer(open())
  write(1)
  for (const ms of [100, 200, 400]) {
    producer.take()[0]!.report(REFUSED)
    vi.advanceTimersByTime(ms)
  }
  write(2)
  write(3)
  producer.take()[0]!.report()
  const whole = producer.take()
  expect(offsets(whole)).toEqual([2, 3])
  for (const one of whole) one.report(REFUSED)
  vi.advanceTimersByTime(100)
  expect(offsets(producer.take())).toEqual([2])
})

test('half of a backoff is chance', () => {
  const { write } = writer(open({ random: () => 1 }))
  write(1)
  producer.take()[0]!.report(REFUSED)
  vi.advanceTimersByTime(49)
  expect(producer.take()).toEqual([])
  vi.advanceTimersByTime(1)
  expect(offsets(producer.take())).toEqual([1])
})

test('while it refuses it says so at first and then every ten seconds, and once when it takes letters again', () => {
  const { write } = writer(open())
  write(1)
  for (let n = 0; n < 12; n++) {
    producer.take()[0]!.report(REFUSED)
    vi.advanceTimersByTime(10_000)
  }
  const refusals = log.filter(({ level }) => level === 'error')
  expect(refusals.length).toBeGreaterThan(3)
  expect(refusals.length).toBeLessThanOrEqual(12)
  producer.take()[0]!.report()
  expect(log.at(-1)).toEqual({ level: 'info', message: 'The dead letter topic takes records again' })
})

test('health: for how long it refuses, why, and how long the oldest letter waits', () => {
  const letters = open()
  const { write } = writer(letters)
  write(1)
  vi.advanceTimersByTime(500)
  write(2, { partition: 1 })
  const [one] = producer.take()
  one!.report(LOST)
  vi.advanceTimersByTime(50)
  expect(letters.health()).toEqual({
    topic: 'orders.dlt',
    ...{ waiting: 2, oldestMs: 550, refusingMs: 50, reason: LOST.message },
    ...{ written: 0, refused: 1, retried: 0, uncertain: 1 },
  })
})

test('a letter that the client itself does not take for what it is stops the work, instead of being tried for ever', () => {
  const { done, write } = writer(open())
  write(1)
  producer
    .take()[0]!
    .report({ code: -186, message: 'Local: Invalid argument or configuration', mayBeWritten: false }, -1)
  expect(failures).toMatchObject([{ code: 'ZK_INTERNAL', message: expect.stringContaining('orders[0]@1') }])
  vi.advanceTimersByTime(60_000)
  expect([producer.take(), done]).toEqual([[], []])
})

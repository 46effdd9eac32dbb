/** Which cause is found, of each that there is. */
import { describe, expect, test } from 'vitest'
import { describeStall } from '../../src/health/stall.js'
import { house, STALL_MS, TOPIC } from './house.js'

const within = (from: number, to: number) => expect.toSatisfy((value: number) => value >= from && value <= to)

test('sleeping: the handler at the watermark is pending and its event loop turns', () => {
  const one = house().start()
  one.read([7, 8, 9])
  one.begins(7)
  one.passes(STALL_MS + 1_000)
  expect(one.stall()).toMatchObject({
    ...{ topic: TOPIC, partition: 0, watermark: 7, lag: 3, key: 'a' },
    cause: {
      type: 'sleeping',
      handler: { topic: TOPIC, partition: 0, offset: 7, key: 'a', thread: 0, attempt: 1, forMs: 31_000 },
    },
  })
})

test('spinning: the event loop of its thread does not turn', () => {
  const one = house().start()
  one.read([7])
  one.begins(7)
  one.stuck.add(0)
  one.passes(STALL_MS + 1_000)
  expect(one.stall()!.cause).toMatchObject({ type: 'spinning', thread: 0, handler: { offset: 7, key: 'a' } })
})

test('spinning, although no handler runs in the thread: a timer of the processor spins, for instance', () => {
  const one = house().start()
  one.read([7])
  one.stuck.add(0)
  one.passes(STALL_MS + 1_000)
  expect(one.stall()!.cause).toEqual({ type: 'spinning', thread: 0, handler: undefined })
})

test('a loop is not judged by a window that began before the handler did', () => {
  const one = house().start()
  one.read([7])
  one.passes(STALL_MS)
  // It begins in the middle of the next second, in which the thread is idle: that says nothing of the handler.
  one.begins(7, { agoMs: -500 })
  one.passes(1_000)
  expect(one.stall()).toBeUndefined()
  one.stuck.add(0)
  one.passes(1_000)
  expect(one.stall()!.cause.type).toBe('spinning')
})

test('queued: the record waits in its thread behind others that come to their end', () => {
  const one = house().start(2)
  one.read(Array.from({ length: 50 }, (_, i) => i))
  one.read([3], { slot: 1, key: 'b' })
  for (let i = 0; i < 40; i++) {
    one.begins(i)
    one.passes(1_000)
    one.finishes(i)
  }
  const stall = one.detector.stalls.find(({ partition }) => partition === 1)!
  expect(stall).toMatchObject({ watermark: 3, key: 'b', cause: { type: 'queued', thread: 0 } })
  expect(one.detector.stalls).toHaveLength(1)
})

test('backoff: the handler at the watermark failed, and its next attempt is due later', () => {
  const one = house().start()
  one.read([7])
  one.begins(7)
  one.fails(7, { againInMs: 60_000 })
  one.passes(STALL_MS + 1_000)
  expect(one.stall()!.cause).toMatchObject({ type: 'backoff', thread: 0, attempt: 2, dueInMs: within(25_000, 35_000) })
  expect(describeStall(one.stall()!)).toMatch(/its handler failed, and attempt 2 follows in thread 0 in \d+\.\d s/)
})

test('backoff: what is due waits for the handler that has its lane, and says so', () => {
  const one = house().start()
  one.read([7])
  one.read([8], { key: 'b' })
  one.begins(7)
  one.fails(7, { againInMs: 1_000 })
  one.begins(8)
  one.passes(STALL_MS + 1_000)
  expect(one.stall()!.cause).toMatchObject({ type: 'sleeping', handler: { offset: 8 } })
  one.finishes(8)
  one.passes(2_000)
  expect(one.stall()!.cause).toMatchObject({ type: 'backoff', dueInMs: 0 })
})

test('an attempt that runs is told by its number', () => {
  const one = house().start()
  one.read([7])
  one.begins(7)
  one.fails(7)
  one.begins(7)
  one.passes(STALL_MS + 1_000)
  expect(one.stall()!.cause).toMatchObject({ type: 'sleeping', handler: { offset: 7, attempt: 2 } })
  expect(describeStall(one.stall()!)).toContain('its handler, attempt 2, runs in thread 0 since')
})

test('dead-letter: the record failed for good, and the topic refuses it: since when, and why', () => {
  const one = house({ deadLetters: true }).start()
  one.read([7, 8])
  one.begins(7)
  one.failsForGood(7)
  one.begins(8)
  one.finishes(8)
  one.deadLetters({ waiting: 1, oldestMs: 31_000, refusingMs: 12_000, reason: 'Broker: Invalid timestamp' })
  one.passes(STALL_MS + 1_000)
  expect(one.stall()).toMatchObject({
    ...{ watermark: 7, key: 'a' },
    cause: { type: 'dead-letter', deadLetterTopic: 'orders.dlt', reason: 'Broker: Invalid timestamp', forMs: 12_000 },
  })
  expect(describeStall(one.stall()!)).toMatch(
    /: it failed for good, and the dead letter topic orders\.dlt refuses since \S+Z \(12 s\): Broker: Invalid timestamp \(dead-letter\)$/,
  )
})

test('dead-letter: or does not answer', () => {
  const one = house({ deadLetters: true }).start()
  one.read([7])
  one.begins(7)
  one.failsForGood(7)
  one.deadLetters({ waiting: 1, oldestMs: 31_000, refusingMs: undefined, reason: undefined })
  one.passes(STALL_MS + 1_000)
  expect(one.stall()!.cause).toMatchObject({ type: 'dead-letter', reason: undefined, forMs: 31_000 })
  expect(describeStall(one.stall()!)).toMatch(/orders\.dlt does not answer since \S+Z \(31 s\) \(dead-letter\)$/)
})

describe('circuit-open', () => {
  const circuit = (scope: 'work' | 'partition') => ({ after: 1, forMs: 600_000, scope })

  test('of the work: no partition starts anything, also one that has no room in the window', () => {
    const one = house({ circuit: circuit('work'), windowMessages: 2 }).start(3)
    one.read([7, 8, 9])
    one.begins(7)
    one.failsForGood(7)
    one.read([3, 4], { slot: 1, key: 'b' })
    one.endsAt(5, 2)
    one.passes(STALL_MS + 1_000)
    expect(one.stalls().map(({ partition, cause }) => [partition, cause])).toEqual(
      [0, 1, 2].map((partition) => [
        partition,
        { type: 'circuit-open', scope: 'work', state: 'open', since: expect.any(String), forMs: 31_000 },
      ]),
    )
    expect(describeStall(one.stalls()[0]!)).toMatch(
      /: too many records failed in a row, and none of the work starts since \S+Z \(31 s\) \(circuit-open\)$/,
    )
  })

  test('of a partition: the others go on, and what had started there has its own cause', () => {
    const one = house({ circuit: circuit('partition') }).start(2)
    one.read([7])
    one.read([8], { key: 'b' })
    one.read([9], { key: 'c' })
    one.read([3], { slot: 1, key: 'd' })
    one.begins(7)
    one.begins(8)
    one.begins(3, { slot: 1 })
    one.failsForGood(8)
    one.passes(STALL_MS + 1_000)
    expect(one.stalls().map(({ cause }) => cause.type)).toEqual(['sleeping', 'sleeping'])
    one.finishes(7)
    one.passes(STALL_MS + 1_000)
    expect(one.stalls().map(({ cause }) => cause)).toMatchObject([
      { type: 'circuit-open', scope: 'partition', state: 'open' },
      { type: 'sleeping' },
    ])
    expect(describeStall(one.stalls()[0]!)).toContain(`none of ${TOPIC}[0] starts since`)
  })

  test('half-open: since it opened first, and the record that is tried has its own cause', () => {
    const one = house({ circuit: { ...circuit('work'), forMs: 20_000 } }).start()
    one.read([7])
    one.read([8], { key: 'b' })
    one.begins(7)
    one.failsForGood(7)
    one.passes(STALL_MS + 1_000)
    expect(one.stalls()[0]).toMatchObject({ watermark: 8, cause: { type: 'circuit-open', state: 'half-open' } })
    expect(one.stalls()[0]!.cause).toMatchObject({ forMs: 31_000 })
    expect(describeStall(one.stalls()[0]!)).toContain('none of the work starts, but for one that is tried, since')
    one.begins(8)
    one.passes(2_000)
    expect(one.stalls()[0]!.cause).toMatchObject({ type: 'sleeping', handler: { offset: 8 } })
  })
})

describe('alone', () => {
  test('a suspect is tried alone in its thread', () => {
    const one = house().start(2)
    one.read([7])
    one.read([8], { key: 'b' })
    one.read([3], { slot: 1, key: 'c' })
    one.begins(7)
    one.begins(8)
    one.dies(0)
    one.begins(7)
    one.passes(STALL_MS + 1_000)
    const [own, other] = one.stalls()
    expect(own!.cause).toMatchObject({ type: 'sleeping', handler: { offset: 7 } })
    expect(other!.cause).toMatchObject({
      ...{ type: 'alone', within: 'thread', record: { topic: TOPIC, partition: 0, offset: 7, key: 'a' } },
      handler: { offset: 7, thread: 0 },
    })
    expect(describeStall(other!)).toMatch(
      /: it waits while orders\[0\]@7 \(key a\), which may have killed the thread before, is tried alone, where the handler of orders\[0\]@7 \(key a\) runs in thread 0 since \S+Z \(31 s\) \(alone\)$/,
    )
  })

  test('a record that was running when the process died, in all threads; and before, until nothing else runs', () => {
    const one = house({ threads: 2, processDeathLimit: 2 }).start(3)
    one.ranAtDeath(7)
    one.read([3], { slot: 1, key: 'k1' })
    one.begins(3, { slot: 1 })
    one.read([7], { key: 'k2' })
    one.read([4], { slot: 2, key: 'k3' })
    one.passes(STALL_MS + 1_000)
    const causes = () => one.stalls().map(({ cause }) => cause)
    const record = { topic: TOPIC, partition: 0, offset: 7, key: 'k2' }
    expect(causes()).toMatchObject([
      { type: 'alone', within: 'process', record, handler: { partition: 1, offset: 3 } },
      { type: 'sleeping', handler: { partition: 1, offset: 3 } },
      { type: 'alone', within: 'process', record, handler: { partition: 1, offset: 3 } },
    ])
    expect(describeStall(one.stalls()[0]!)).toContain(
      'it was running when the process died, and waits until nothing else',
    )
    one.finishes(3, { slot: 1 })
    one.begins(7)
    one.passes(STALL_MS + 1_000)
    expect(causes().slice(0, 1)).toMatchObject([{ type: 'sleeping', handler: { offset: 7 } }])
    const last = one.stalls()[1]!
    expect(last).toMatchObject({ partition: 2, cause: { type: 'alone', within: 'process', record } })
    expect(describeStall(last)).toContain(
      'which was running when the process died, is tried alone in the whole process',
    )
  })
})

describe('a record that is not due', () => {
  const delayed = () => house({ delayMs: 120_000 }).start()

  test('is no stall, and its time begins when it is due', () => {
    const one = delayed()
    one.read([7, 8], { timestamp: Date.now() })
    one.passes(119_000)
    expect(one.detector.stoodMs(0, one.now)).toBeLessThan(2_000)
    one.passes(STALL_MS - 1_000)
    expect([one.stall(), one.logged()]).toEqual([undefined, []])
    one.passes(3_000)
    expect(one.stall()!.cause.type).toBe('unexplained')
  })

  test('behind one that hangs hides nothing', () => {
    const one = delayed()
    one.read([7], { timestamp: Date.now() - 120_000 })
    one.begins(7)
    one.read([8], { timestamp: Date.now() })
    one.passes(STALL_MS + 1_000)
    expect(one.stall()).toMatchObject({ watermark: 7, cause: { type: 'sleeping', handler: { offset: 7 } } })
  })

  test('of another partition neither', () => {
    const one = house({ delayMs: 120_000, windowMessages: 1 }).start(3)
    one.read([7], { timestamp: Date.now() - 120_000 })
    one.begins(7)
    one.read([3], { slot: 1, key: 'b', timestamp: Date.now() - 120_000 })
    one.read([4], { slot: 2, key: 'c', timestamp: Date.now() })
    one.passes(STALL_MS + 1_000)
    expect(one.stalls().map(({ partition, cause }) => [partition, cause.type])).toEqual([
      [0, 'sleeping'],
      [1, 'window'],
    ])
  })
})

test('a record that waits behind the handler of another partition names that one', () => {
  const one = house().start(2)
  one.read([7])
  one.read([3], { slot: 1, key: 'b' })
  one.begins(7)
  one.passes(STALL_MS + 1_000)
  const [first, second] = one.detector.stalls
  expect(second).toMatchObject({ partition: 1, watermark: 3, key: 'b' })
  expect(second!.cause).toMatchObject({ type: 'sleeping', handler: { partition: 0, offset: 7 } })
  expect(describeStall(second!)).toContain(`the handler of ${TOPIC}[0]@7 (key a) runs in thread 0 since`)
  expect(describeStall(first!)).toContain('its handler runs in thread 0 since')
})

test('thread-starting: the thread that the record is pinned to is being replaced', () => {
  const one = house().start()
  one.down.set(0, one.now - 5_000)
  one.engine.threadGone(0)
  one.read([7])
  one.passes(STALL_MS + 1_000)
  expect(one.stall()!.cause).toMatchObject({ type: 'thread-starting', thread: 0, forMs: within(35_000, 37_000) })
})

test('window: the partition that holds it is named, with what runs of it', () => {
  const one = house({ windowMessages: 2 }).start(2)
  one.read([7])
  one.read([8, 9], { key: 'c' })
  one.begins(7)
  one.begins(8, { agoMs: 5_000 })
  one.read([3], { slot: 1, key: 'b' })
  one.passes(STALL_MS + 1_000)
  const second = one.detector.stalls[1]!
  expect(second).toMatchObject({ partition: 1, watermark: 3, key: 'b' })
  expect(second.cause).toMatchObject({
    type: 'window',
    heldBy: { topic: TOPIC, partition: 0, messages: 2, bytes: within(4, 100) },
    // The one that has run longest.
    handler: { partition: 0, offset: 8, key: 'c', thread: 0, forMs: 36_000 },
  })
})

test('window: also for a partition of which nothing could be read', () => {
  const one = house({ windowMessages: 2 }).start(2)
  one.read([7, 8])
  one.begins(7)
  one.endsAt(12, 1)
  one.passes(STALL_MS + 1_000)
  expect(one.detector.stalls[1]).toMatchObject({
    ...{ partition: 1, watermark: undefined, lag: undefined, key: undefined },
    cause: { type: 'window', heldBy: { partition: 0 } },
  })
})

test('draining: since when, and which handler is waited for', () => {
  const one = house().start()
  one.read([7, 8])
  one.begins(7)
  one.engine.drain([0], Number.POSITIVE_INFINITY)
  one.passes(STALL_MS + 1_000)
  expect(one.stall()!.cause).toMatchObject({
    ...{ type: 'draining', forMs: within(29_000, 31_000) },
    handler: { offset: 7, key: 'a', thread: 0 },
  })
})

test('broker-silent: lag, nothing in progress, nothing arrives', () => {
  const one = house().start()
  one.read([7])
  one.begins(7)
  one.finishes(7)
  one.endsAt(20)
  one.passes(STALL_MS + 2_000)
  expect(one.stall()).toMatchObject({ watermark: 8, lag: 12, key: undefined, cause: { type: 'broker-silent' } })
})

test('broker-silent: a partition of which the broker never said anything', () => {
  const one = house().start()
  one.passes(STALL_MS + 2_000)
  expect(one.stall()).toMatchObject({ watermark: undefined, lag: undefined, cause: { type: 'broker-silent' } })
})

test('frozen: nothing starts, because the group has not confirmed the assignment', () => {
  const one = house().start(2)
  one.read([7])
  one.read([3], { slot: 1, key: 'b' })
  one.begins(3, { slot: 1 })
  one.doubts()
  one.passes(STALL_MS + 1_000)
  // What had started is no such case.
  expect(one.detector.stalls.map(({ cause }) => cause.type)).toEqual(['frozen', 'sleeping'])
})

test('unexplained: its record is in a thread that serves, turns and runs nothing', () => {
  const one = house().start()
  one.read([7])
  one.passes(STALL_MS + 1_000)
  expect(one.stall()!.cause).toEqual({ type: 'unexplained', thread: 0 })
})

import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { DeadLetter } from '../../src/delivery/dead-letter.js'
import { DeadLetters, type DeadLettersOptions, type LetterProducer } from '../../src/delivery/dead-letters.js'
import { MainThread } from '../../src/health/main-thread.js'
import { openWriteHooks } from '../../src/hooks/write-hooks.js'
import type { DeliveryError } from '../../src/kafka/delivery-error.js'
import type { DeliveryListener, RecordToSend } from '../../src/kafka/producer.js'
import type { ZkError } from '../../src/zk-error.js'
import { copied, letter } from './letters.js'

const REFUSED: DeliveryError = { code: 19, message: 'Broker: Not enough in-sync replicas', mayBeWritten: false }
const LOST: DeliveryError = { code: -192, message: 'Local: Message timed out', mayBeWritten: true }
const TOO_LARGE: DeliveryError = { code: 10, message: 'Broker: Message size too large', mayBeWritten: false }

interface Sent {
  record: RecordToSend
  isAlone: boolean
  offset: number
  /** Answers it. */
  report(error?: DeliveryError, partition?: number): void
}

/** A producer whose answers the test gives. */
class FakeProducer implements LetterProducer {
  readonly sent: Sent[]
  readonly #isAlone: boolean

  constructor(sent: Sent[] = [], isAlone = false) {
    this.sent = sent
    this.#isAlone = isAlone
  }

  /** As without the addon. */
  isPoor = false
  carries(value: Uint8Array | null) {
    return !this.isPoor || value !== null
  }

  channel(listener: DeliveryListener) {
    return {
      send: (record: RecordToSend, token: number) => {
        const offset = Number(new Map(record.headers).get('__dlq.errors.offset'))
        const report = (error?: DeliveryError, partition = 0) =>
          listener.delivered(token, error, partition, error === undefined ? 1 : -1)
        this.sent.push({ record, isAlone: this.#isAlone, offset, report })
      },
    }
  }

  sibling(properties: Record<string, unknown>): FakeProducer {
    expect(properties).toEqual({ 'batch.num.messages': 1 })
    return new FakeProducer(this.sent, true)
  }

  async flush() {
    return true
  }
  async close() {}

  /** What was sent since the last call. */
  take(): Sent[] {
    return this.sent.splice(0)
  }
}

const log: { level: string; message: string }[] = []
const logger = pino(
  { level: 'info', formatters: { level: (level) => ({ level }) } },
  { write: (line: string) => log.push(((one) => ({ level: one.level, message: one.msg }))(JSON.parse(line))) },
)

let producer: FakeProducer
let failures: ZkError[]
beforeEach(() => {
  vi.useFakeTimers()
  producer = new FakeProducer()
  failures = []
  log.length = 0
})
afterEach(() => {
  vi.useRealTimers()
})

function open(more: Partial<DeadLettersOptions> = {}): DeadLetters {
  return new DeadLetters({
    ...{ topic: 'orders.dlt', oversized: 'truncate', producer, logger, style: 'zk', groupId: 'g', maxStackBytes: 100 },
    failed: (error) => failures.push(error),
    random: () => 0,
    ...more,
  })
}

/** Writes letters of a partition; `done` has the offsets that were answered. */
function writer(letters: DeadLetters, isWanted: (offset: number) => boolean = () => true) {
  const done: [offset: number, written: boolean][] = []
  const write = (offset: number, more: Partial<DeadLetter> = {}) =>
    letters.write(letter({ offset, partition: 0, ...more }), {
      isWanted: () => isWanted(offset),
      done: (written) => done.push([offset, written]),
    })
  return { done, write }
}

const offsets = (sent: readonly Sent[]) => sent.map(({ offset }) => offset)

test('a letter is answered when it is acknowledged, and not before', () => {
  const letters = open()
  const { done, write } = writer(letters)
  write(1)
  const [sent] = producer.take()
  expect(sent!.record).toMatchObject({ topic: 'orders.dlt', partition: -1, key: Buffer.from('k'), timestamp: 1_000 })
  expect(done).toEqual([])
  sent!.report()
  expect(done).toEqual([[1, true]])
  expect(letters.health()).toMatchObject({
    waiting: 0,
    written: 1,
    refused: 0,
    refusingMs: undefined,
    oldestMs: undefined,
  })
})

test('null key, empty key and a tombstone stay what they are', () => {
  const { write } = writer(open())
  write(1, { record: copied({ key: null, value: null, timestamp: -1 }) })
  write(2, { partition: 1, record: copied({ key: Buffer.alloc(0), value: Buffer.alloc(0) }) })
  const records = producer.take().map(({ record: { key, value, timestamp } }) => ({ key, value, timestamp }))
  // Not by toMatchObject, which takes null for an empty Buffer.
  expect(records).toEqual([
    { key: null, value: null, timestamp: -1 },
    { key: Buffer.alloc(0), value: Buffer.alloc(0), timestamp: expect.any(Number) },
  ])
})

test('the next group of a partition waits for every report of the one before; other partitions do not', () => {
  const { write } = writer(open())
  for (const offset of [1, 2, 3, 4]) write(offset)
  write(9, { partition: 1 })
  const first = producer.take()
  expect(offsets(first)).toEqual([1, 9])
  first[0]!.report()
  const second = producer.take()
  expect(offsets(second)).toEqual([2, 3, 4])
  write(5)
  second[2]!.report()
  second[0]!.report()
  expect(producer.take()).toEqual([])
  second[1]!.report()
  expect(offsets(producer.take())).toEqual([5])
})

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

describe('a letter that is not wanted any more', () => {
  test('is not tried again, and the next one goes', () => {
    let isOurs = true
    const { done, write } = writer(open(), (offset) => isOurs || offset === 2)
    write(1)
    write(2)
    isOurs = false
    producer.take()[0]!.report(REFUSED)
    vi.advanceTimersByTime(100)
    expect(done).toEqual([[1, false]])
    expect(offsets(producer.take())).toEqual([2])
  })

  test('is let go of at once when that is asked for', () => {
    let isOurs = true
    const letters = open()
    const { done, write } = writer(letters, () => isOurs)
    write(1)
    write(2)
    producer.take()[0]!.report(REFUSED)
    isOurs = false
    letters.dropUnwanted()
    expect(done).toEqual([
      [1, false],
      [2, false],
    ])
    vi.advanceTimersByTime(1_000)
    expect(producer.take()).toEqual([])
  })

  test('whoever hears of it may write another one at once', () => {
    const letters = open()
    const done: number[] = []
    const { write } = writer(letters)
    letters.write(letter({ partition: 0, offset: 1 }), {
      isWanted: () => false,
      done: () => {
        done.push(1)
        write(2)
      },
    })
    expect(done).toEqual([1])
    expect(offsets(producer.take())).toEqual([2])
  })
})

test('headers that the client cannot write are left out, which is said once', () => {
  producer.isPoor = true
  const { done, write } = writer(open())
  for (const offset of [1, 2, 3]) write(offset, { record: copied({ headers: [['trace', null]] }) })
  while (done.length < 3) for (const sent of producer.take()) sent.report()
  expect(log.filter(({ level }) => level === 'warn')).toHaveLength(1)
  expect(log[0]!.message).toContain('zk.dlt.headers.dropped')
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

describe('a letter that is too large', () => {
  const large = { record: copied({ value: Buffer.alloc(2_000), headers: [['own', Buffer.from('h')]] }) }

  test('in company is tried in a batch of its own first: the batch may have been too large, and not the record', () => {
    const { done, write } = writer(open())
    write(1)
    write(2, large)
    producer.take()[0]!.report()
    producer.take()[0]!.report(TOO_LARGE)
    const [again] = producer.take()
    expect(again).toMatchObject({ offset: 2, isAlone: true })
    expect(again!.record.value).toHaveLength(2_000)
    again!.report()
    expect(done).toEqual([
      [1, true],
      [2, true],
    ])
  })

  test('by itself goes without its value, which its header says, and without a backoff', () => {
    const { done, write } = writer(open())
    write(1, large)
    producer.take()[0]!.report(TOO_LARGE)
    producer.take()[0]!.report(TOO_LARGE)
    const [less] = producer.take()
    expect(less!.record.value).toBeNull()
    expect(new Map(less!.record.headers).get('zk.dlt.value.dropped')).toEqual(Buffer.from('2000'))
    expect(new Map(less!.record.headers).get('own')).toEqual(Buffer.from('h'))
    less!.report()
    expect(done).toEqual([[1, true]])
    expect(log.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('is remembered: others of its size go in batches of their own at once, until one of them is taken', () => {
    const { write } = writer(open())
    write(1, large)
    for (let n = 0; n < 2; n++) producer.take()[0]!.report(TOO_LARGE)
    producer.take()[0]!.report()
    write(2, large)
    const [second] = producer.take()
    expect(second).toMatchObject({ offset: 2, isAlone: true })
    second!.report()
    write(3, large)
    expect(producer.take()).toMatchObject([{ offset: 3, isAlone: false }])
  })

  test('and without its headers, when it has to be', () => {
    const { done, write } = writer(open())
    write(1, large)
    for (let n = 0; n < 3; n++) producer.take()[0]!.report(TOO_LARGE)
    const [less] = producer.take()
    const headers = new Map(less!.record.headers)
    expect(headers.has('own')).toBe(false)
    expect(headers.get('__dlq.errors.topic')).toEqual(Buffer.from('orders'))
    expect(headers.get('zk.dlt.headers.dropped')).toEqual(Buffer.from('1'))
    less!.report()
    expect(done).toEqual([[1, true]])
  })

  test('after that the work stops, and nothing more is tried', async () => {
    const letters = open()
    const { done, write } = writer(letters)
    write(1, large)
    for (let n = 0; n < 4; n++) producer.take()[0]!.report(TOO_LARGE)
    write(2)
    expect(failures).toMatchObject([{ code: 'ZK_DEAD_LETTER_TOO_LARGE', exitCode: 4 }])
    vi.advanceTimersByTime(60_000)
    expect(producer.take()).toEqual([])
    expect(done).toEqual([])
    await letters.close(0)
    expect(done).toEqual([
      [1, false],
      [2, false],
    ])
  })

  test("with oversized 'stop' the work stops, naming the record, and it is not answered", () => {
    const { done, write } = writer(open({ oversized: 'stop' }))
    write(1, large)
    producer.take()[0]!.report(TOO_LARGE)
    expect(failures).toEqual([])
    producer.take()[0]!.report(TOO_LARGE)
    expect(failures).toMatchObject([
      { code: 'ZK_DEAD_LETTER_TOO_LARGE', exitCode: 4, details: { place: 'orders[0]@1' } },
    ])
    expect(failures[0]!.message).toContain('2000 bytes')
    expect(done).toEqual([])
    expect(producer.take()).toEqual([])
  })
})

test('at the end everything is answered once, and nothing is written any more', async () => {
  const letters = open()
  const { done, write } = writer(letters)
  write(1)
  write(2)
  write(3, { partition: 1 })
  const [one, three] = producer.take()
  three!.report(REFUSED)
  await letters.close(100)
  expect(done.sort(([a], [b]) => a - b)).toEqual([
    [1, false],
    [2, false],
    [3, false],
  ])
  one!.report()
  vi.advanceTimersByTime(60_000)
  write(4)
  expect(done.slice(3)).toEqual([[4, false]])
  expect(producer.take()).toEqual([])
})

test.each(Array.from({ length: 100 }, (_, i) => i + 1))('whatever is refused, none is missing (seed %i)', (seed) => {
  let state = seed * 2_654_435_761
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const letters = open({ random })
  const count = 200
  const written: Record<number, number[]> = { 0: [], 1: [], 2: [] }
  const answers = new Map<string, number>()
  /** By partition: which groups were out together, to judge the order by. */
  const out: Sent[] = []
  let next = 0
  let perhaps = 0
  const partitionOf = ({ record }: Sent) => Number(new Map(record.headers).get('__dlq.errors.partition'))
  for (let step = 0; answers.size < count; step++) {
    if (step > 50_000) throw new Error('it does not end')
    const what = random()
    if (what < 0.3 && next < count) {
      const offset = next++
      letters.write(letter({ partition: offset % 3, offset }), {
        isWanted: () => true,
        done: (ok) => {
          const name = `${offset} ${ok}`
          answers.set(name, (answers.get(name) ?? 0) + 1)
        },
      })
    } else if (what < 0.9 && out.length > 0) {
      const [sent] = out.splice(Math.floor(random() * out.length), 1)
      const error = random() < 0.3 ? (random() < 0.5 ? REFUSED : LOST) : undefined
      if (error === LOST && random() < 0.5) {
        written[partitionOf(sent!)]!.push(sent!.offset)
        perhaps++
      }
      if (error === undefined) written[partitionOf(sent!)]!.push(sent!.offset)
      sent!.report(error)
    } else vi.advanceTimersByTime(10_000)
    out.push(...producer.take())
    // At most one group of each partition is out.
    const ofPartition = out.filter((sent) => partitionOf(sent) === 0)
    if (ofPartition.some(({ offset }, i) => i > 0 && offset <= ofPartition[i - 1]!.offset))
      throw new Error('out of order')
  }
  for (const times of answers.values()) expect(times).toBe(1)
  const all = Object.values(written).flat()
  expect(new Set(all).size).toBe(count)
  // Twice is there only what a lost report left behind.
  expect(all.length - count).toBeLessThanOrEqual(perhaps)
})

describe('hooks', () => {
  const hooked = (preWrite: () => object) => {
    const postAck = vi.fn()
    const writes = openWriteHooks({ hooks: { preWrite, postAck }, groupId: 'g', mainThread: new MainThread(logger) })
    return { postAck, ...writer(open({ writes })) }
  }
  const headersOf = ({ record }: Sent) => new Map(record.headers.map(([name, value]) => [name, String(value)]))

  test('preWrite is asked once for a letter, however often it is tried, and postAck hears of each try', () => {
    const preWrite = vi.fn(() => ({ headers: { by: 'hook' } }))
    const { postAck, write } = hooked(preWrite)
    write(1)
    const first = producer.take()[0]!
    first.report(REFUSED)
    vi.advanceTimersByTime(1_000)
    const second = producer.take()[0]!
    expect([first, second].map((sent) => headersOf(sent).get('by'))).toEqual(['hook', 'hook'])
    second.report()
    expect(preWrite).toHaveBeenCalledTimes(1)
    expect(postAck.mock.calls).toMatchObject([
      [{ kind: 'dead-letter', topic: 'orders.dlt', offset: -1, error: { code: 19 } }],
      [{ kind: 'dead-letter', topic: 'orders.dlt', offset: 1, error: undefined }],
    ])
  })

  test('where a letter is from, and why, is not theirs to say', () => {
    const { write } = hooked(() => ({ headers: { 'zk.dlt.cause': 'mine', '__dlq.errors.offset': '99', mine: 'yes' } }))
    write(1)
    const headers = headersOf(producer.take()[0]!)
    expect([headers.get('zk.dlt.cause'), headers.get('__dlq.errors.offset'), headers.get('mine')]).toEqual([
      'error',
      '1',
      'yes',
    ])
  })

  test('their headers are left off where a letter is too large without its value too', () => {
    const { write, done } = hooked(() => ({ headers: { by: 'hook' } }))
    write(1)
    const seen: (string | undefined)[] = []
    for (let n = 0; n < 3; n++) {
      const [sent] = producer.take()
      seen.push(headersOf(sent!).get('by'))
      sent!.report(TOO_LARGE)
    }
    const last = producer.take()[0]!
    expect([...seen, headersOf(last).get('by')]).toEqual(['hook', 'hook', 'hook', undefined])
    last.report()
    expect(done).toEqual([[1, true]])
  })
})

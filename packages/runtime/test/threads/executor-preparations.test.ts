/** Formats that have to fetch something before they can decode. */
import { Outcome } from '@zk/engine'
import type { Format } from '@zk/formats'
import { expect, test } from 'vitest'
import { failing, type LaneOptions, lane, SLOT, settled } from './lane.js'

const down = () => Object.assign(new Error('registry down'), { retryable: true })

/** A format whose preparations are answered by the test. */
function fetched(known: Set<string> = new Set()) {
  const asked: { value: string; ready(): void; fail(error: unknown): void }[] = []
  const format: Format<unknown> = {
    name: 'fetched',
    decode: (bytes) => `decoded ${Buffer.from(bytes).toString()}`,
    encode: () => Buffer.from('encoded'),
    prepareDecode: (bytes, { topic, part }) => {
      const value = Buffer.from(bytes).toString()
      if (known.has(value)) return undefined
      return new Promise((resolve, reject) =>
        asked.push({ value: `${topic} ${part} ${value}`, ready: resolve, fail: reject }),
      )
    },
  }
  return { format, asked, known }
}

const byKey: LaneOptions = { ordering: 'key', keyOf: (offset) => (offset < 2 ? 'a' : 'b'), concurrency: 1 }

test('a record whose format is ready is handled at once', () => {
  const { format, asked } = fetched(new Set(['v0']))
  const values: unknown[] = []
  const { send, acks } = lane((message) => void values.push(message.value), { format, concurrency: 1 })
  send([0])
  expect([values, acks, asked]).toEqual([['decoded v0'], [[0, Outcome.done]], []])
})

test.each([false, true])(
  'one whose format is not waits with its key and lets others pass (hooks: %s)',
  async (decodesItself) => {
    const { format, asked } = fetched(new Set(['v1', 'v2']))
    const values: unknown[] = []
    const { send, stateOf } = lane((message) => void values.push(message.value), { ...byKey, format, decodesItself })
    send([0, 1, 2])
    await settled()
    expect(values).toEqual(['decoded v2'])
    expect([asked.map(({ value }) => value), stateOf(0)]).toEqual([['orders value v0'], 'parked'])
    asked[0]!.ready()
    await settled()
    expect(values).toEqual(['decoded v2', 'decoded v0', 'decoded v1'])
    // A format that answers each time by a promise, ready or not, is asked once for each start.
    expect(asked).toHaveLength(1)
  },
)

test('a format that is down charges no attempt, for as long as it takes, and the waits grow', async () => {
  const { format, asked } = fetched()
  const { handler, seen } = failing({ 0: 0 })
  const retry = { attempts: 1, backoffMs: 2, maxBackoffMs: 8 }
  const { send, acks, board, lines } = lane(handler, { ...byKey, format, retry, deadLetters: true })
  send([0, 1])
  for (let time = 0; time < 6; time++) {
    await expect.poll(() => asked.length).toBe(time + 1)
    asked[time]!.fail(down())
    await settled()
    expect(board.attemptOf(0)).toBe(1)
  }
  expect([seen, acks, board.retries]).toEqual([[], [], 0])
  // Once, however often.
  expect(lines.map(({ level, fields, message }) => [level, fields.retryInMs, message])).toEqual([
    ['warn', 2, expect.stringContaining('charged no attempt')],
  ])
  await expect.poll(() => asked.length).toBe(7)
  asked[6]!.ready()
  await expect.poll(() => asked.length).toBe(8)
  asked[7]!.ready()
  await expect.poll(() => acks).toHaveLength(2)
  expect(seen).toEqual([
    [0, 1],
    [1, 1],
  ])
})

test('the waits for a format double from backoffMs to maxBackoffMs', async () => {
  const { format, asked } = fetched()
  const retry = { attempts: 1, backoffMs: 100, maxBackoffMs: 150 }
  const { send, board, sequenceOf } = lane(() => {}, { format, retry })
  send([0])
  asked[0]!.fail(down())
  await settled()
  expect(board.dueInMs(0, sequenceOf(0))).toBeGreaterThan(60)
  expect(board.dueInMs(0, sequenceOf(0))).toBeLessThanOrEqual(101)
  await expect.poll(() => asked.length).toBe(2)
  asked[1]!.fail(down())
  await settled()
  expect(board.dueInMs(0, sequenceOf(0))).toBeGreaterThan(110)
})

test.each([false, true])(
  'what a format cannot get for good fails the record as its own, handler uncalled (hooks: %s)',
  async (hooks) => {
    const { format, asked } = fetched()
    const { handler, seen } = failing({})
    const decoding: typeof handler = (message, ctx) => {
      void (message as { value?: unknown }).value
      handler(message, ctx)
    }
    const { send, acks, failures } = lane(hooks ? decoding : handler, { format, decodesItself: hooks })
    send([0])
    asked[0]!.fail(new Error('no such schema'))
    await expect.poll(() => acks).toEqual([[0, Outcome.failed]])
    expect([seen, failures]).toMatchObject([[], [{ error: { message: 'no such schema' }, cause: 'error' }]])
  },
)

test('one that throws instead of rejecting is the same', async () => {
  const format: Format<unknown> = {
    ...fetched().format,
    prepareDecode: () => {
      throw new Error('broken')
    },
  }
  const { send, acks, failures } = lane(() => {}, { format })
  send([0])
  await expect.poll(() => acks).toEqual([[0, Outcome.failed]])
  expect(failures).toMatchObject([{ error: { message: 'broken' } }])
})

test('a deadline that passes while the format fetches fails nothing: it is asked again', async () => {
  const { format, asked } = fetched()
  const { handler, seen } = failing({})
  const { send, acks, lines } = lane(handler, { format, processTimeoutMs: 200 })
  send([0])
  await expect.poll(() => asked.length).toBe(2)
  expect(lines).toMatchObject([{ level: 'warn' }])
  // The answer to the first question comes late, and is no answer to the second.
  asked[0]!.fail(new Error('late'))
  await settled()
  expect(acks).toEqual([])
  asked[1]!.ready()
  await expect.poll(() => acks).toEqual([[0, Outcome.done]])
  expect(seen).toEqual([[0, 1]])
})

test('a cut hands back what waits for its format, and what is behind it', async () => {
  const { format, asked } = fetched()
  const { handler, seen } = failing({})
  const { send, executor, board, acks } = lane(handler, { ...byKey, format })
  send([0, 1])
  await settled()
  board.cut(SLOT, 1, 5)
  executor.wake()
  asked[0]!.ready()
  await settled()
  expect(acks).toEqual([
    [1, Outcome.discarded],
    [0, Outcome.discarded],
  ])
  expect(seen).toEqual([])
})

test('a record that may still start in a partition about to go does not wait there for its format', async () => {
  const { format, asked } = fetched()
  const { send, board, acks } = lane(() => {}, { ...byKey, format })
  board.cut(SLOT, 1, 5)
  send([0, 1])
  await settled()
  expect(acks).toEqual([
    [1, Outcome.discarded],
    [0, Outcome.discarded],
  ])
  expect(asked).toHaveLength(1)
})

test('nor does one start that became ready before its lane was free, once its partition is cut', async () => {
  const { format, asked } = fetched(new Set(['v2']))
  const started: number[] = []
  let release = () => {}
  const handler = ({ offset }: { offset: number }) => {
    started.push(offset)
    return new Promise<void>((resolve) => {
      release = resolve
    })
  }
  const { send, executor, board, endOf } = lane(handler, { ...byKey, format })
  send([0, 2])
  await settled()
  asked[0]!.ready()
  await settled()
  board.cut(SLOT, 1, 5)
  // Main's word has not come yet.
  release()
  await settled()
  executor.wake()
  expect([started, endOf(0), endOf(2)]).toEqual([[2], Outcome.discarded, Outcome.done])
})

test('one that waits for its format takes no permit of an open circuit', async () => {
  const { format, asked, known } = fetched()
  const { handler, seen } = failing({})
  const { send, executor, board } = lane(handler, { ...byKey, format })
  board.holdStarts('work', true)
  send([0])
  board.permitStart('work')
  executor.wake()
  await settled()
  expect(board.withdrawPermit('work')).toBe(true)
  board.permitStart('work')
  asked[0]!.ready()
  known.add('v0')
  await expect.poll(() => seen).toEqual([[0, 1]])
})

test('a retired thread starts nothing that becomes ready: the board shows it untried', async () => {
  const { format, asked } = fetched()
  const { handler, seen } = failing({})
  const { send, executor, board, stateOf } = lane(handler, { format })
  send([0])
  executor.retire()
  asked[0]!.ready()
  await settled()
  expect([seen, stateOf(0), board.attemptOf(0)]).toEqual([[], 'parked', 1])
})

test('a tombstone needs no format', () => {
  const { format, asked } = fetched()
  const { send, acks } = lane(() => {}, { format, textOf: () => null })
  send([0])
  expect([acks, asked]).toEqual([[[0, Outcome.done]], []])
})

import { Outcome } from '@zk/engine'
import { type Format, FormatError } from '@zk/formats'
import { expect, test, vi } from 'vitest'
import type { OutgoingRecord } from '../../src/processor-types.js'
import { packOutgoing, readOutgoing } from '../../src/threads/outgoing-record.js'
import type { SendError } from '../../src/threads/protocol.js'
import { packSends, readSends } from '../../src/threads/send-batch.js'
import { DeliverySends, Outbox } from '../../src/threads/sends.js'
import { lane, SLOT, settled } from './lane.js'

const refused: SendError = { type: 'failed', code: 10, message: 'Message size too large' }
const value = 'v'

test('what is sent arrives as it was given, even if the handler changes its bytes at once', async () => {
  const key = Buffer.from('key')
  const { send, posts } = lane((_, ctx) => {
    ctx.send('full', {
      ...{ key, value: new Uint8Array([0, 255]), partition: 7, timestamp: 1_700 },
      headers: [
        ['a', 'text'],
        ['a', Buffer.from([1])],
        ['none', null],
      ],
    })
    ctx.send('bare', { value: null })
    ctx.send('texts', { key: 'größe', value: '', headers: { h: 'x' } })
    key.fill(0)
  })
  send([3])
  await settled()
  expect(posts).toHaveLength(1)
  const common = { ticket: 3, sequence: 1 }
  expect(posts[0]).toEqual([
    {
      ...common,
      ...{
        id: 0,
        topic: 'full',
        partition: 7,
        timestamp: 1_700,
        key: Buffer.from('key'),
        value: Buffer.from([0, 255]),
      },
      headers: [
        ['a', Buffer.from('text')],
        ['a', Buffer.from([1])],
        ['none', null],
      ],
    },
    { ...common, id: 1, topic: 'bare', partition: -1, timestamp: -1, key: null, value: null, headers: [] },
    {
      ...common,
      ...{ id: 2, topic: 'texts', partition: -1, timestamp: -1, key: Buffer.from('größe'), value: Buffer.alloc(0) },
      headers: [['h', Buffer.from('x')]],
    },
  ])
})

test('the headers of the message itself can be passed on', () => {
  const headers = new Map([['h', Buffer.from('1')]])
  expect(readOutgoing(packOutgoing('t', { value, headers })).headers).toEqual([['h', Buffer.from('1')]])
})

test.each<[string, string, unknown, string]>([
  ['no topic', undefined as never, { value }, 'topic is undefined; expected a topic name'],
  ['a topic that is none', 'a b', { value }, 'topic is "a b"'],
  ['no record', 't', undefined, 'record is undefined'],
  ['no value', 't', {}, 'value is undefined; expected a Buffer, a text or null'],
  ['an object', 't', { value: {} }, 'value is an object'],
  ['a number as a key', 't', { key: 7, value }, 'key is 7'],
  ['a header that is a number', 't', { value, headers: { h: 1 } }, 'header "h" is 1'],
  ['headers that are no pairs', 't', { value, headers: ['h'] }, 'headers is "h"; expected pairs'],
  ['a partition that is none', 't', { value, partition: 1.5 }, 'partition is 1.5'],
  ['a negative partition', 't', { value, partition: -2 }, 'partition is -2'],
  ['a timestamp that is a Date', 't', { value, timestamp: new Date(0) }, 'timestamp is an object'],
])('%s is refused at once, in the handler', (_what, topic, record, message) => {
  expect(() => packOutgoing(topic, record as OutgoingRecord)).toThrow(
    expect.objectContaining({ code: 'ZK_SEND_INVALID', message: expect.stringContaining(message) }),
  )
})

test('a mistake in a handler that awaits nothing fails its record', async () => {
  const { send, failures } = lane((_, ctx) => void ctx.send('t', { value: {} as never }))
  send([0])
  await settled()
  expect(failures).toMatchObject([{ ticket: 0, error: { code: 'ZK_SEND_INVALID' } }])
})

test.each([
  ['returns no promise', (send: () => unknown) => void send()],
  ['is async and does not await', async (send: () => unknown) => void send()],
  ['awaits', async (send: () => unknown) => void (await send())],
])('a handler that %s: its record is done once its sends are acknowledged, and not before', async (_how, run) => {
  const { send, acks, answer, stateOf } = lane((_, ctx) =>
    run(() => Promise.all([ctx.send('t', { value }), ctx.send('t', { value })])),
  )
  send([0])
  await settled()
  answer({ id: 0 })
  await settled()
  expect([acks, stateOf(0)]).toEqual([[], 'running'])
  answer({ id: 1 })
  await settled()
  expect([acks, stateOf(0)]).toEqual([[[0, Outcome.done]], 'done'])
})

test('the next record of a key does not start before what the one before sent is acknowledged', async () => {
  const started: number[] = []
  const { send, answer } = lane(
    ({ offset }, ctx) => {
      started.push(offset)
      if (offset === 0) ctx.send('t', { value })
    },
    { ordering: 'key' },
  )
  send([0, 1])
  await settled()
  expect(started).toEqual([0])
  answer({ id: 0 })
  await settled()
  expect(started).toEqual([0, 1])
})

test('an acknowledgement says where the record is', async () => {
  const sent: unknown[] = []
  const { send, answer } = lane(async (_, ctx) => void sent.push(await ctx.send('t', { value })))
  send([0])
  await settled()
  answer({ id: 0, partition: 5, offset: 2 ** 40 })
  await settled()
  expect(sent).toEqual([{ partition: 5, offset: 2 ** 40 }])
})

test.each([
  ['awaits it', async (send: () => Promise<unknown>) => void (await send())],
  ['does not look', async (send: () => Promise<unknown>) => void send()],
  ['catches it', (send: () => Promise<unknown>) => send().catch(() => {})],
])('a send that failed fails the record of a handler that %s, which is tried again', async (_how, run) => {
  let attempts = 0
  const { send, acks, answer, failures } = lane(
    (_, ctx) => {
      attempts = ctx.attempt
      return run(() => ctx.send('t', { value }))
    },
    { retry: { attempts: 2 }, ordering: 'key' },
  )
  send([0])
  await settled()
  answer({ id: 0, error: refused })
  await vi.waitFor(() => expect(attempts).toBe(2))
  expect(acks).toEqual([])
  await settled()
  answer({ id: 1, error: { type: 'superseded' } })
  await settled()
  expect(failures).toMatchObject([{ ticket: 0, cause: 'error', error: { code: 'ZK_SEND_SUPERSEDED' } }])
})

test('what the handler threw counts more than a send that failed, and waits for it', async () => {
  const { send, answer, failures } = lane((_, ctx) => {
    ctx.send('t', { value })
    throw new Error('the handler’s')
  })
  send([0])
  await settled()
  expect(failures).toEqual([])
  answer({ id: 0, error: refused })
  await settled()
  expect(failures).toMatchObject([{ error: { message: 'the handler’s' } }])
})

test('at the deadline nobody waits for an answer any more: the record has failed, and later answers change nothing', async () => {
  const { executor, send, acks, answer, failures, sequenceOf } = lane((_, ctx) => void ctx.send('t', { value }), {
    processTimeoutMs: 1,
  })
  send([0])
  await settled()
  executor.timeout(0, sequenceOf(0))
  await settled()
  expect(failures).toMatchObject([{ ticket: 0, cause: 'timeout', error: { name: 'AbortError' } }])
  answer({ id: 0 })
  await settled()
  expect(acks).toHaveLength(1)
})

test('when the partition is gone a handler that waits for its send gives up, and its record is read again', async () => {
  const { executor, send, acks } = lane(async (_, ctx) => void (await ctx.send('t', { value })))
  send([0])
  await settled()
  executor.abort([SLOT], 'revoked')
  await settled()
  expect(acks).toEqual([[0, Outcome.discarded]])
})

test('a handler that was told to give up sends nothing more, and is not done without it', async () => {
  let go: () => void = () => {}
  const { executor, send, acks, posts } = lane(async (_, ctx) => {
    await new Promise<void>((resolve) => {
      go = resolve
    })
    void ctx.send('t', { value })
  })
  send([0])
  executor.abort([SLOT], 'shutdown')
  go()
  await settled()
  expect([posts, acks]).toEqual([[], [[0, Outcome.discarded]]])
})

test('after its handler has ended a delivery sends nothing', async () => {
  let later: () => unknown = () => {}
  const { send, answer } = lane((_, ctx) => {
    later = () => ctx.send('t', { value })
    ctx.send('t', { value })
  })
  send([0])
  await settled()
  expect(later).toThrow(expect.objectContaining({ code: 'ZK_SEND_TOO_LATE' }))
  answer({ id: 0 })
  await settled()
  expect(later).toThrow(expect.objectContaining({ code: 'ZK_SEND_TOO_LATE' }))
})

test('so many sends are on their way at a time; the rest follows the answers, in order', async () => {
  const posts: number[][] = []
  const outbox = new Outbox((batch) => posts.push([...readSends(batch)].map((one) => readOutgoing(one).id)))
  const sends = new DeliverySends(outbox, 0, 1)
  for (let i = 0; i < 10_005; i++) void sends.send('t', { value })
  await settled()
  expect(posts.map((ids) => ids.length)).toEqual([10_000])
  const { packReports } = await import('../../src/threads/send-batch.js')
  const report = (id: number) => ({ id, partition: 0, offset: id, error: undefined })
  const { reports } = packReports([report(0), report(1)])
  outbox.reported(reports, [])
  expect(posts[1]).toEqual([10_000, 10_001])
})

test('a handler that never awaits is told so before it has filled the memory', () => {
  const sends = new DeliverySends(new Outbox(() => {}), 0, 1)
  const large = Buffer.alloc(100 * 1024 * 1024)
  void sends.send('t', { value: large })
  void sends.send('t', { value: large })
  expect(() => sends.send('t', { value: large })).toThrow(
    expect.objectContaining({ code: 'ZK_SEND_OVERFLOW', details: { topic: 't', waiting: 2 } }),
  )
})

test('sends of any length follow each other in one buffer', () => {
  const records = [0, 1, 7, 8, 9, 1_000].map((length) => Buffer.alloc(length, length))
  expect([...readSends(packSends(records))]).toEqual(records)
})

/** Encodes texts as `<topic text>`, once the test says so. */
function encoder() {
  const ready: { promise: Promise<void>; go(): void; fail(error: Error): void }[] = []
  const format: Format<string> = {
    name: 'encoder',
    decode: () => '',
    encode: (text, place) => {
      if (text === 'bad') throw new FormatError('ZK_ENCODE_FAILED', 'encoder', 'it is bad')
      return Buffer.from(`<${place!.topic} ${text}>`)
    },
    prepareEncode: () => {
      let go = (): void => {}
      let fail: (error: Error) => void = () => {}
      const promise = new Promise<void>((resolve, reject) => {
        go = resolve
        fail = reject
      })
      ready.push({ promise, go, fail })
      return promise
    },
  }
  const simple: Format<string> = { ...format, prepareEncode: () => undefined }
  return { format, ready, simple }
}

const texts = (posts: { value: Uint8Array | null }[][]) => posts.flat().map((one) => one.value && `${one.value}`)

test('a value is encoded by the format of its send, and null is a tombstone', async () => {
  const { simple } = encoder()
  const { send, posts } = lane((_, ctx) => {
    ctx.send('out', { key: 'k', value: 'a', headers: { h: 'x' } }, { format: simple })
    ctx.send('out', { value: null }, { format: simple })
  })
  send([0])
  await settled()
  expect(texts(posts)).toEqual(['<out a>', null])
  expect(posts[0]![0]).toMatchObject({ topic: 'out', key: Buffer.from('k'), headers: [['h', Buffer.from('x')]] })
})

test('what waits for its format is sent in the order of the calls, and its delivery goes on until then', async () => {
  const { format, ready, simple } = encoder()
  const key = Buffer.from('key')
  const { send, posts, answer, endOf } = lane((_, ctx) => {
    ctx.send('out', { key, value: 'a' }, { format })
    key.fill(0)
    ctx.send('out', { value: 'plain' })
    ctx.send('out', { value: 'b' }, { format: simple })
  })
  send([0])
  await settled()
  expect([posts, endOf(0)]).toEqual([[], undefined])
  ready[0]!.go()
  await settled()
  expect(texts(posts)).toEqual(['<out a>', 'plain', '<out b>'])
  expect(posts[0]![0]!.key).toEqual(Buffer.from('key'))
  expect(endOf(0)).toBeUndefined()
  answer({ id: 0 }, { id: 1 }, { id: 2 })
  await settled()
  expect(endOf(0)).toBe(Outcome.done)
})

test.each(['now', 'later'])(
  'a value that cannot be encoded %s rejects with the error of the format, and fails its record',
  async (when) => {
    const { format, ready, simple } = encoder()
    let rejected: unknown
    const { send, failures, posts } = lane(async (_, ctx) => {
      await ctx.send('out', { value: 'bad' }, { format: when === 'now' ? simple : format }).catch((error) => {
        rejected = error
      })
    })
    send([0])
    ready[0]?.go()
    await settled()
    expect([rejected, failures, posts]).toMatchObject([
      { code: 'ZK_ENCODE_FAILED' },
      [{ error: { code: 'ZK_ENCODE_FAILED' } }],
      [],
    ])
  },
)

test('a format that cannot get its schema fails its record, and not the sends behind it', async () => {
  const { format, ready } = encoder()
  const { send, failures, posts, answer, endOf } = lane((_, ctx) => {
    ctx.send('out', { value: 'a' }, { format })
    ctx.send('out', { value: 'plain' })
  })
  send([0])
  ready[0]!.fail(new Error('registry down'))
  await settled()
  expect([texts(posts), endOf(0)]).toEqual([['plain'], undefined])
  answer({ id: 0 })
  await settled()
  expect(failures).toMatchObject([{ error: { message: 'registry down' } }])
})

test('what waits for its format is given up with its delivery', async () => {
  const { format, ready } = encoder()
  const { send, executor, posts, endOf } = lane((_, ctx) => ctx.send('out', { value: 'a' }, { format }))
  send([0])
  executor.abort([SLOT], 'revoked')
  await settled()
  expect(endOf(0)).toBe(Outcome.discarded)
  ready[0]!.go()
  await settled()
  expect(posts).toEqual([])
})

test('a record that is none is refused at once with a format too', () => {
  const { simple } = encoder()
  let thrown: unknown
  const { send } = lane((_, ctx) => {
    try {
      ctx.send('no topic', { value: 'a' }, { format: simple })
    } catch (error) {
      thrown = error
    }
  })
  send([0])
  expect(thrown).toMatchObject({ code: 'ZK_SEND_INVALID' })
})

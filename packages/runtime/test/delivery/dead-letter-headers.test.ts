import { describe, expect, test } from 'vitest'
import type { HeaderList, HeaderStyle } from '../../src/delivery/dead-letter.js'
import { deadLetterHeaders } from '../../src/delivery/dead-letter-headers.js'
import { isOfDeadLetter } from '../../src/delivery/header-names.js'
import { parseDeadLetter } from '../../src/delivery/parse-dead-letter.js'
import { copied, letter } from './letters.js'

const styles: HeaderStyle[] = ['zk', 'spring', 'connect']
const options = { style: 'zk' as HeaderStyle, groupId: 'billing', maxStackBytes: 4_096 }
const headersOf = (style: HeaderStyle, more = {}) => deadLetterHeaders(letter(more), { ...options, style })
const asText = (headers: HeaderList) => Object.fromEntries(headers.map(([name, value]) => [name, String(value)]))

test('zk: the six names of KIP-1191 in decimal text, and ours', () => {
  expect(asText(headersOf('zk'))).toEqual({
    '__dlq.errors.topic': 'orders',
    '__dlq.errors.partition': '3',
    '__dlq.errors.offset': '42',
    '__dlq.errors.group': 'billing',
    '__dlq.errors.delivery.count': '2',
    '__dlq.errors.message': 'boom',
    'zk.dlt.cause': 'error',
    'zk.dlt.exception': 'TypeError (E_BOOM)',
    'zk.dlt.stack': 'TypeError: boom\n    at charge (charge.ts:7:3)',
    'zk.dlt.timestamp': '1700000000000',
  })
})

test("spring: Spring's names, its numbers as big-endian bytes", () => {
  const headers = new Map(headersOf('spring', { partition: 258, offset: 2 ** 40 + 1 }))
  expect(headers.get('kafka_dlt-original-topic')).toEqual(Buffer.from('orders'))
  expect(headers.get('kafka_dlt-original-partition')).toEqual(Buffer.from([0, 0, 1, 2]))
  expect(headers.get('kafka_dlt-original-offset')).toEqual(Buffer.from([0, 0, 1, 0, 0, 0, 0, 1]))
  expect(headers.get('kafka_dlt-original-timestamp')).toEqual(Buffer.from([0, 0, 0, 0, 0, 0, 3, 232]))
  expect(headers.get('kafka_dlt-original-timestamp-type')).toEqual(Buffer.from('CreateTime'))
  expect(headers.get('kafka_dlt-original-consumer-group')).toEqual(Buffer.from('billing'))
  expect(headers.get('kafka_dlt-exception-message')).toEqual(Buffer.from('boom'))
  expect(headers.get('zk.dlt.cause')).toEqual(Buffer.from('error'))
})

test('spring: without a timestamp it is -1 of no type, as Java has it', () => {
  const headers = new Map(headersOf('spring', { record: copied({ timestamp: -1, timestampType: 0 }) }))
  expect(headers.get('kafka_dlt-original-timestamp')).toEqual(Buffer.alloc(8, 0xff))
  expect(headers.get('kafka_dlt-original-timestamp-type')).toEqual(Buffer.from('NoTimestampType'))
})

test("connect: Connect's names, all text", () => {
  expect(asText(headersOf('connect'))).toMatchObject({
    '__connect.errors.topic': 'orders',
    '__connect.errors.partition': '3',
    '__connect.errors.offset': '42',
    '__connect.errors.connector.name': 'billing',
    '__connect.errors.exception.class.name': 'TypeError (E_BOOM)',
    '__connect.errors.exception.message': 'boom',
  })
})

describe.each(styles)('%s', (style) => {
  test('what is written can be read back', () => {
    expect(parseDeadLetter(headersOf(style))).toEqual({
      style,
      origin: { topic: 'orders', partition: 3, offset: 42 },
      first: undefined,
      hops: 1,
      group: 'billing',
      attempts: 2,
      cause: 'error',
      exception: 'TypeError (E_BOOM)',
      message: 'boom',
      stack: 'TypeError: boom\n    at charge (charge.ts:7:3)',
      failedAt: 1_700_000_000_000,
      valueDropped: undefined,
      headersDropped: undefined,
    })
  })

  test("the record's own headers come first, in their order, null, repeated or no text", () => {
    const own: HeaderList = [
      ['trace', Buffer.from([0, 255])],
      ['trace', null],
      ['a', Buffer.alloc(0)],
      ['trace', Buffer.from('x')],
    ]
    expect(headersOf(style, { record: copied({ headers: own }) }).slice(0, 4)).toEqual(own)
  })

  test('a dead letter of a dead letter has the headers of its last hop only, and where it was first', () => {
    let headers = headersOf(style, { record: copied({ headers: [['own', Buffer.from('1')]] }) })
    const sizes: number[] = []
    for (let hop = 1; hop <= 5; hop++) {
      const more = { topic: `retry-${hop}`, partition: hop, offset: hop, record: copied({ headers }) }
      headers = headersOf(style, more)
      sizes.push(headers.length)
    }
    expect(new Set(sizes).size).toBe(1)
    expect(headers.filter(([name]) => name === 'own')).toHaveLength(1)
    expect(parseDeadLetter(headers)).toMatchObject({
      origin: { topic: 'retry-5', partition: 5, offset: 5 },
      first: { topic: 'orders', partition: 3, offset: 42 },
      hops: 6,
    })
  })

  test('every header that was added is known as one', () => {
    const own: HeaderList = [
      ['zk.replayed.count', Buffer.from('1')],
      ['x', null],
    ]
    const headers = headersOf(style, { record: copied({ headers: own }) })
    expect(headers.filter(([name]) => !isOfDeadLetter(name))).toEqual(own)
  })

  test('what we say ourselves has no NUL, which an error quotes, and shows where it was', () => {
    let thrown: Error | undefined
    try {
      JSON.parse('\0')
    } catch (error) {
      thrown = error as Error
    }
    const { name, message, stack } = thrown!
    expect(message).toContain('\0')
    const headers = headersOf(style, { error: { name, message, stack } })
    const ours = headers.filter(([header]) => /message|stack/.test(header))
    expect(ours).toHaveLength(2)
    for (const [, value] of ours) expect([value!.includes(0), value!.includes('\u2400')]).toEqual([false, true])
  })

  test('a thread that could not say why', () => {
    const parsed = parseDeadLetter(headersOf(style, { error: undefined, cause: 'out-of-memory' }))
    expect(parsed).toMatchObject({ cause: 'out-of-memory', exception: 'out-of-memory', stack: undefined })
    expect(parsed!.message).toContain('out-of-memory')
  })
})

test("the headers of another's dead letter stay, and its origin is the first", () => {
  const record = copied({ headers: headersOf('spring').filter(([name]) => !name.startsWith('zk.')) })
  const headers = headersOf('zk', { topic: 'orders-dlt', partition: 0, offset: 7, record })
  expect(new Map(headers).get('kafka_dlt-original-topic')).toEqual(Buffer.from('orders'))
  expect(parseDeadLetter(headers)).toMatchObject({
    style: 'zk',
    origin: { topic: 'orders-dlt' },
    first: { topic: 'orders', partition: 3, offset: 42 },
    hops: 2,
  })
})

test('of several systems the last one counts', () => {
  const headers = [...headersOf('zk'), ...headersOf('connect', { topic: 'later' })]
  expect(parseDeadLetter(headers)).toMatchObject({ style: 'connect', origin: { topic: 'later' } })
})

test('the stack has its causes, and no more bytes than it may, cut between characters', () => {
  const cause = {
    name: 'Error',
    message: 'ECONNREFUSED',
    stack: `Error: ECONNREFUSED\n${'    at é (x.ts:1:1)\n'.repeat(500)}`,
  }
  const error = { name: 'Error', message: 'm'.repeat(5_000), stack: 'Error: m\n    at f (f.ts:1:2)', cause }
  const stackOf = (maxStackBytes: number) =>
    new Map(deadLetterHeaders(letter({ error }), { ...options, maxStackBytes })).get('zk.dlt.stack')
  expect(String(stackOf(200))).toMatch(/f\.ts:1:2\)\nCaused by: Error: ECONNREFUSED/)
  for (let most = 1; most < 120; most++) {
    expect(stackOf(most)!.length).toBeLessThanOrEqual(most)
    expect(String(stackOf(most))).not.toContain('�')
  }
  expect(stackOf(0)).toBeUndefined()
  expect(new Map(deadLetterHeaders(letter({ error }), options)).get('__dlq.errors.message')!.length).toBe(1_024)
})

test.each([
  ['no headers', []],
  ['others', [['a', Buffer.from('1')]]],
  ['a cause alone', [['zk.dlt.cause', Buffer.from('error')]]],
] as [string, HeaderList][])('%s are no dead letter', (_, headers) => {
  expect(parseDeadLetter(headers)).toBeUndefined()
})

test('an origin that makes no sense is none', () => {
  const broken: HeaderList = [
    ['kafka_dlt-original-topic', Buffer.from('t')],
    ['kafka_dlt-original-partition', Buffer.from('3')],
  ]
  expect(parseDeadLetter(broken)).toMatchObject({ style: 'spring', origin: undefined })
  const missing: HeaderList = [['__dlq.errors.topic', null]]
  expect(parseDeadLetter(missing)).toMatchObject({ style: 'zk', origin: undefined })
})

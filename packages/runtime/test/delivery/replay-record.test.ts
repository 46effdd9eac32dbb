import { expect, test } from 'vitest'
import type { HeaderList, HeaderStyle } from '../../src/delivery/dead-letter.js'
import { deadLetterHeaders } from '../../src/delivery/dead-letter-headers.js'
import { type FoundLetter, found } from '../../src/delivery/letter-filter.js'
import { type ReplayTarget, replayOf, timesReplayed } from '../../src/delivery/replay-record.js'
import { copied, letter } from './letters.js'

const target: ReplayTarget = {
  ...{ to: undefined, timestamp: 'now', from: 'orders.dlt' },
  partitions: new Map([
    ['orders', 12],
    ['small', 1],
  ]),
}
const own: HeaderList = [
  ['trace', null],
  ['trace', Buffer.from([0])],
]

function dead(style: HeaderStyle = 'zk', headers: HeaderList = own, more: object = {}): FoundLetter {
  const options = { style, groupId: 'g', maxStackBytes: 100 }
  const record = copied({ key: Buffer.alloc(0), value: null, headers, ...more })
  const scanned = { ...record, headers: deadLetterHeaders(letter({ record }), options), partition: 2, offset: 17 }
  return found(scanned, {})!
}

const added = (count: string): HeaderList => [
  ['zk.replayed.from', Buffer.from('orders.dlt[2]@17')],
  ['zk.replayed.count', Buffer.from(count)],
  ['zk.replayed.timestamp', Buffer.from('1000')],
]

test.each(['zk', 'spring', 'connect'] as const)(
  '%s: what goes back is the record as it was, to where it was',
  (style) => {
    expect(replayOf(dead(style), target)).toEqual({
      record: {
        ...{ topic: 'orders', partition: 3, key: Buffer.alloc(0), value: null, timestamp: -1 },
        headers: [...own, ...added('1')],
      },
      count: 0,
    })
  },
)

test('to another topic the partitioner places it; to its own by name, its partition is kept', () => {
  expect(replayOf(dead(), { ...target, to: 'small' }).record).toMatchObject({ topic: 'small', partition: -1 })
  expect(replayOf(dead(), { ...target, to: 'orders' }).record).toMatchObject({ topic: 'orders', partition: 3 })
})

test('its original time, when that is asked for', () => {
  const { record } = replayOf(dead(), { ...target, timestamp: 'original' })
  expect(record!.timestamp).toBe(1_000)
  expect(record!.headers.map(([name]) => name)).not.toContain('zk.replayed.timestamp')
})

test('a record that comes back again and again counts how often', () => {
  let headers: HeaderList = own
  for (let times = 1; times <= 3; times++) {
    const replay = replayOf(dead('zk', headers), target)
    expect(replay).toMatchObject({ count: times - 1 })
    expect(timesReplayed(replay.record!.headers as HeaderList)).toBe(times)
    expect(replay.record!.headers).toHaveLength(own.length + 3)
    headers = replay.record!.headers as HeaderList
  }
})

test.each([
  [
    'a value that was dropped',
    dead('zk', [['zk.dlt.value.dropped', Buffer.from('5000')]]),
    {},
    '(5000 bytes) was too large',
  ],
  ['headers that were dropped', dead('zk', [['zk.dlt.headers.dropped', Buffer.from('2')]]), {}, '(2) were left off'],
  ['a topic that is gone', dead(), { partitions: new Map() }, 'topic orders is not there'],
  ['a partition that is gone', dead(), { partitions: new Map([['orders', 3]]) }, 'no partition 3 any more'],
  ['an origin that is this topic', dead(), { from: 'orders' }, 'came from this dead letter topic itself'],
] as const)('%s cannot be replayed, and why', (_, one, more, why) => {
  const replay = replayOf(one, { ...target, ...more })
  expect(replay.record).toBeUndefined()
  expect(replay.why).toContain(why)
})

test('without an origin it goes where it is told, or nowhere', () => {
  const headers: HeaderList = [['kafka_dlt-original-topic', null]]
  const one = found({ ...copied({ headers }), partition: 0, offset: 0 }, {})!
  expect(replayOf(one, target).why).toContain('give --to')
  expect(replayOf(one, { ...target, to: 'orders' }).record).toMatchObject({ topic: 'orders', partition: -1 })
})

test('the filter: cause, key, origin, and when it failed', () => {
  const { record } = dead('zk', own, { key: Buffer.from('k') })
  const at = 1_700_000_000_000
  expect(found(record, { causes: ['timeout', 'error'] })).toBeDefined()
  expect(found(record, { causes: ['timeout'] })).toBeUndefined()
  expect(found(record, { key: Buffer.from('k') })).toBeDefined()
  expect(found(record, { key: Buffer.alloc(0) })).toBeUndefined()
  expect(found({ ...record, key: null }, { key: Buffer.alloc(0) })).toBeUndefined()
  expect(found(record, { origin: 'orders' })).toBeDefined()
  expect(found(record, { origin: 'order' })).toBeUndefined()
  expect(found(record, { since: at, until: at + 1 })).toBeDefined()
  expect(found(record, { since: at + 1 })).toBeUndefined()
  expect(found(record, { until: at })).toBeUndefined()
  expect(found({ ...record, headers: own }, {})).toBeUndefined()
})

import { expect, test } from 'vitest'
import type { HeaderList } from '../../src/delivery/dead-letter.js'
import { deadLetterHeaders } from '../../src/delivery/dead-letter-headers.js'
import { recordOf } from '../../src/delivery/letter-record.js'
import { parseDeadLetter } from '../../src/delivery/parse-dead-letter.js'
import { copied, letter } from './letters.js'

test('one that was a dead letter before keeps where it comes from, when its headers go', () => {
  const before = letter({ topic: 'orders', offset: 7, record: copied({ value: Buffer.alloc(2_000) }) })
  const options = { topic: 'letters', style: 'zk', groupId: 'g', maxStackBytes: 1_000, carries: () => true } as const
  const headers = deadLetterHeaders(before, options)
  const again = letter({ topic: 'retries', record: copied({ ...before.record, headers }) })
  const less = recordOf(again, 'headers', options)
  expect(parseDeadLetter(less.headers as HeaderList)).toMatchObject({
    origin: { topic: 'retries', partition: 3, offset: 42 },
    first: { topic: 'orders', partition: 3, offset: 7 },
    hops: 2,
  })
})

test('headers that the client cannot write are left out and counted, those of earlier hops too', () => {
  const headers: HeaderList = [
    ['a', Buffer.from('b')],
    ['trace', null],
    ['trace', Buffer.from([0, 1])],
    ['zk.dlt.headers.dropped', Buffer.from('1')],
    ['__dlq.errors.topic', Buffer.from('orders')],
  ]
  const options = { topic: 'letters', style: 'zk', groupId: 'g', maxStackBytes: 1_000 } as const
  const one = letter({ record: copied({ headers }) })
  const carries = (value: Uint8Array | null) => value !== null && !value.includes(0)
  for (const reduction of ['none', 'value'] as const) {
    const record = recordOf(one, reduction, { ...options, carries })
    expect(record.headers.map(([name]) => name)).not.toContain('trace')
    expect(record.headers[0]).toEqual(['a', Buffer.from('b')])
    expect(parseDeadLetter(record.headers as HeaderList)).toMatchObject({ headersDropped: 3 })
  }
  const all = recordOf(one, 'none', { ...options, carries: () => true })
  expect(all.headers.filter(([name]) => name === 'trace')).toHaveLength(2)
})

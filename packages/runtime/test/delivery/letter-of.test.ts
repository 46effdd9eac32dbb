import { expect, test } from 'vitest'
import { copyRecord } from '../../src/delivery/letter-of.js'
import { packRecords, type RecordToPack } from '../../src/kafka/packed-batch.js'

const records: RecordToPack[] = [
  { slot: 0, offset: 5, timestamp: 1_000, timestampType: 1, key: null, value: null, headers: [] },
  { slot: 0, offset: 6, timestamp: -1, timestampType: 0, key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [] },
  {
    ...{
      slot: 1,
      offset: 7,
      timestamp: 3,
      timestampType: 2,
      key: Buffer.from([0, 255, 1]),
      value: Buffer.from('value'),
    },
    headers: [
      ['a', null],
      ['é', Buffer.from([0])],
      ['a', Buffer.alloc(0)],
    ],
  },
]

test('what was packed comes out: null, empty, binary, headers in their order', () => {
  const batch = packRecords(records)
  for (const [i, { key, value, headers, timestamp, timestampType }] of records.entries()) {
    expect(copyRecord(batch, i)).toEqual({ key, value, headers, timestamp, timestampType })
  }
})

test('the copy does not change when the block is filled anew', () => {
  const batch = packRecords(records)
  const copy = copyRecord(batch, 2)
  batch.bytes.fill(0x2a)
  expect(copy).toMatchObject({ key: Buffer.from([0, 255, 1]), value: Buffer.from('value') })
  expect(copy.headers[1]).toEqual(['é', Buffer.from([0])])
})

import { InFlightTable } from '@zk/engine'
import { expect, test } from 'vitest'
import {
  MAX_VALUES_BYTES,
  packValues,
  readValues,
  valuesAt,
  valuesOfRows,
  writeValues,
} from '../../src/hooks/packed-values.js'
import { type PackedBatch, packRecords } from '../../src/kafka/packed-batch.js'
import { Frame, packFrame } from '../../src/threads/frame.js'

const record = (offset: number) => ({
  ...{ slot: 0, offset, timestamp: 0, timestampType: 1 },
  ...{ key: Buffer.from('k'), value: Buffer.from(`v${offset}`), headers: [] },
})

test('what structured clone copies arrives, as a new object at each reading', () => {
  const values = { at: new Date(5), map: new Map([[1, 'a']]), big: 2n ** 70n, bytes: Buffer.from('b'), none: undefined }
  const bytes = writeValues(values)
  const read = readValues(bytes)
  expect(read).toEqual(values)
  expect(readValues(bytes)).not.toBe(read)
  expect(readValues(undefined)).toEqual({})
  // Nor do two readings share memory.
  ;(read.bytes as Buffer)[0] = 0
  expect(readValues(bytes)).toEqual(values)
})

test.each([
  ['a function', { f: () => {} }],
  ['a number', 7],
  ['an array', [1]],
  ['too much', { text: 'x'.repeat(MAX_VALUES_BYTES) }],
])('%s cannot travel', (_what, values) => {
  expect(() => writeValues(values)).toThrow()
})

test('values stay with their records: in a frame, alone, and when a batch is copied', () => {
  const batch = packRecords([0, 1, 2, 3].map(record))
  const table = new InFlightTable<PackedBatch>(4)
  for (const ticket of [0, 1, 2, 3]) {
    table.batch[ticket] = batch
    table.index[ticket] = ticket
    table.size[ticket] = batch.sizes[ticket]!
  }
  const rows = Int32Array.from([0, 1, 2, 3])
  expect(valuesOfRows(table, rows, 4)).toBeUndefined()
  batch.values = []
  batch.values[1] = writeValues({ of: 1 })
  batch.values[3] = writeValues({ of: 3 })
  const valuesIn = (frame: Frame) =>
    Array.from({ length: frame.count }, (_, i) => {
      const bytes = frame.valuesOf(i)
      return bytes && readValues(bytes).of
    })
  const frame = new Frame(packFrame(table, rows, 4, 1), valuesOfRows(table, rows, 4))
  expect(valuesIn(frame)).toEqual([undefined, 1, undefined, 3])
  expect(valuesIn(frame.alone(3))).toEqual([3])
  expect(valuesIn(frame.alone(2))).toEqual([undefined])
  const picked = batch.pick([3, 0])
  expect(picked.values?.map((one) => one && readValues(one).of)).toEqual([3, undefined])
  expect(batch.pick([0]).values?.[0]).toBeUndefined()
})

test('of records without values nothing is packed but their places', () => {
  const packed = packValues([undefined, Uint8Array.of(1, 2), undefined])
  expect(packed.byteLength).toBe(4 * 4 + 2)
  expect([0, 1, 2].map((i) => valuesAt(packed, i)?.length)).toEqual([undefined, 2, undefined])
})

import { expect, test } from 'vitest'
import { DeletedRecords } from '../../src/kafka/deleted-records.js'
import type { Logger } from '../../src/log/logger.js'

/** As librdkafka 2.12 writes it. */
const reset = (offset: number) => ({
  severity: 4,
  fac: 'OFFSET',
  message: `[thrd:main]: my.topic [3]: offset reset (at offset ${offset} (leader epoch -1), broker 1) to offset BEGINNING (leader epoch -1): fetch failed due to requested offset not available on the broker: Broker: Offset out of range`,
})
const slots = new Map([
  ['my.topic/3', 7],
  ['my.topic/4', 8],
])
const batch = (...records: [slot: number, offset: number][]) => ({
  slots: Int32Array.from(records, ([slot]) => slot),
  offsets: Float64Array.from(records, ([, offset]) => offset),
})

function listening() {
  const told: object[] = []
  const logger = { warn: (fields: object) => told.push(fields) } as unknown as Logger
  return { deleted: new DeletedRecords(logger), told }
}

test('names both offsets, once, when the next record of the partition is read', () => {
  const { deleted, told } = listening()
  deleted.hear(reset(50))
  deleted.read(batch([8, 1000], [8, 1001]), slots)
  expect(told).toEqual([])
  deleted.read(batch([8, 1002], [7, 80], [7, 81]), slots)
  deleted.read(batch([7, 82]), slots)
  expect(told).toEqual([{ topic: 'my.topic', partition: 3, from: 50, to: 80 }])
})

test('leaves a log that went back to the engine, and other lines alone', () => {
  const { deleted, told } = listening()
  deleted.hear(reset(50))
  deleted.read(batch([7, 0]), slots)
  deleted.hear({ ...reset(50), fac: 'FETCH' })
  deleted.hear({ ...reset(50), message: 'my.topic [3]: something else' })
  deleted.read(batch([7, 90]), slots)
  expect(told).toEqual([])
})

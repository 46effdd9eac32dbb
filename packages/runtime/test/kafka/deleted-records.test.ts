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
  batch: {
    slots: Int32Array.from(records, ([slot]) => slot),
    offsets: Float64Array.from(records, ([, offset]) => offset),
  },
  ends: [],
})

const end = (slot: number, offset: number) => ({ batch: undefined, ends: [{ slot, offset }] })

/** @param lowest by slot, of what an epoch may read next: below it whoever reads notices by itself */
function listening(lowest: Record<number, number> = {}) {
  const told: { to: number }[] = []
  const said: string[] = []
  const warn = (fields: { to: number }, sentence: string) => {
    told.push(fields)
    said.push(sentence)
  }
  const precedes = (slot: number, offset: number) => offset < (lowest[slot] ?? 0)
  const deleted = new DeletedRecords({ logger: { warn } as unknown as Logger, precedes })
  return { deleted, told, said }
}

test('names both offsets, once, when the next record of the partition is read', () => {
  const { deleted, told, said } = listening()
  deleted.hear(reset(50))
  deleted.read(batch([8, 1000], [8, 1001]), slots)
  expect(told).toEqual([])
  deleted.read(batch([8, 1002], [7, 80], [7, 81]), slots)
  deleted.read(batch([7, 82]), slots)
  expect(told).toEqual([{ topic: 'my.topic', partition: 3, from: 50, to: 80 }])
  expect(said[0]).toContain('what lies between is not read')
})

test('or when its end is met, where no record is left', () => {
  const { deleted, told } = listening()
  deleted.hear(reset(50))
  deleted.read(end(8, 90), slots)
  // Met before the log was cut short.
  deleted.read(end(7, 50), slots)
  expect(told).toEqual([])
  deleted.read(end(7, 90), slots)
  deleted.read(batch([7, 90]), slots)
  expect(told).toEqual([{ topic: 'my.topic', partition: 3, from: 50, to: 90 }])
})

test('names both where the log is shorter and nothing was read of it, and what is passed over with that', () => {
  const { deleted, told, said } = listening()
  for (const to of [30, 0, 50]) {
    deleted.hear(reset(50))
    deleted.read(batch([7, to]), slots)
  }
  deleted.hear(reset(50))
  deleted.read(end(7, 30), slots)
  expect(told.map(({ to }) => to)).toEqual([30, 0, 50, 30])
  expect(said.map((sentence) => sentence.includes('what lies below is not read'))).toEqual([true, false, true, true])
})

test('leaves to whoever reads a log that went back behind what was read, and other lines alone', () => {
  const { deleted, told } = listening({ 7: 50 })
  deleted.hear(reset(50))
  deleted.read(batch([7, 0]), slots)
  deleted.hear({ ...reset(50), fac: 'FETCH' })
  deleted.hear({ ...reset(50), message: 'my.topic [3]: something else' })
  deleted.read(batch([7, 90]), slots)
  expect(told).toEqual([])
  // Nothing was read between 50 and 60, and the epoch goes on: nobody else would say so.
  deleted.hear(reset(60))
  deleted.read(batch([7, 55]), slots)
  expect(told).toMatchObject([{ from: 60, to: 55 }])
})

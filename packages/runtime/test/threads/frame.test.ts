import { InFlightTable } from '@zk/engine'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PackedBatch, packRecords, type RecordToPack } from '../../src/kafka/packed-batch.js'
import { Frame, packFrame } from '../../src/threads/frame.js'
import { FrameMessage } from '../../src/threads/message.js'

const bytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.uint8Array({ minLength: 300, maxLength: 340 }),
)
const header: fc.Arbitrary<[string, Uint8Array | null]> = fc.tuple(
  fc.string({ maxLength: 5 }),
  fc.option<Uint8Array>(bytes),
)
const record: fc.Arbitrary<RecordToPack> = fc.record({
  slot: fc.nat(3),
  offset: fc.nat(2 ** 31).map((n) => n * 1024),
  timestamp: fc.oneof(
    fc.constant(-1),
    fc.nat(2 ** 31).map((n) => n * 1000),
  ),
  timestampType: fc.constantFrom(0, 1, 2),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(header, { maxLength: 3 }),
})

/** Puts records of several batches, all of them or those that `chosen` says, on their way to one thread in one frame. */
function sent(batches: readonly PackedBatch[], chosen: () => boolean = () => true): Frame {
  const table = new InFlightTable<PackedBatch>(256)
  const tickets: number[] = []
  for (const batch of batches) {
    for (let index = 0; index < batch.length; index++) {
      if (!chosen()) continue
      const ticket = table.take()
      table.batch[ticket] = batch
      table.index[ticket] = index
      table.slot[ticket] = batch.slots[index]!
      table.epoch[ticket] = 7
      table.offset[ticket] = batch.offsets[index]!
      table.size[ticket] = batch.sizes[index]!
      table.keyHash[ticket] = batch.keyHashes[index]!
      table.sequence[ticket] = 1000 + ticket
      table.attempt[ticket] = 1 + (index % 3)
      tickets.push(ticket)
    }
  }
  return new Frame(packFrame(table, Int32Array.from(tickets), tickets.length, 1_024))
}

function seenIn(frame: Frame, i: number) {
  const message = new FrameMessage<Buffer>(frame, i, { topic: 't', partition: 9 }, undefined)
  const { offset, timestamp, key, rawValue, value, headers } = message
  return { slot: frame.slot(i), offset, timestamp, key, rawValue, value, headers: [...headers] }
}

const buffer = (given: Uint8Array | null) => (given === null ? null : Buffer.from(given))

function expected({ slot, offset, timestamp, key, value, headers }: RecordToPack) {
  const pairs = headers.map(([name, given]) => [name, buffer(given)])
  return { slot, offset, timestamp, key: buffer(key), rawValue: buffer(value), value: buffer(value), headers: pairs }
}

test('a record taken out of its frame is what it was, and holds no byte of the others', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), (given) => {
      const frame = sent([packRecords(given)])
      for (const [i, one] of given.entries()) {
        const alone = frame.alone(i)
        expect(seenIn(alone, 0)).toEqual(expected(one))
        const words = ['ticket', 'sequence', 'epoch', 'keyHash', 'attempt'] as const
        expect(words.map((word) => alone[word](0))).toEqual(words.map((word) => frame[word](i)))
        expect([alone.count, alone.flushAcks]).toEqual([1, frame.flushAcks])
        const { key, value, headers } = one
        const own = headers.reduce((sum, [, bytes]) => sum + 40 + (bytes?.length ?? 0), 4)
        expect(alone.buffer.byteLength).toBeLessThanOrEqual(72 + (key?.length ?? 0) + (value?.length ?? 0) + own)
      }
    }),
  )
})

test('what a handler sees is what was packed, through batch and frame', () => {
  fc.assert(
    fc.property(fc.array(fc.array(record, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 }), (given) => {
      const frame = sent(given.map(packRecords))
      const all = given.flat()
      expect(frame.count).toBe(all.length)
      expect(all.map((_, i) => seenIn(frame, i))).toEqual(all.map(expected))
    }),
  )
})

test('records that go to one thread are found among those that do not', () => {
  const records = fc.array(fc.array(record, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(records, fc.array(fc.boolean(), { minLength: 36, maxLength: 36 }), (given, choices) => {
      const all = given.flat().filter((_, i) => choices[i])
      let next = 0
      const frame = sent(given.map(packRecords), () => choices[next++]!)
      expect(all.map((_, i) => seenIn(frame, i))).toEqual(all.map(expected))
    }),
  )
})

test('survivors that were copied out of a batch are what they were', () => {
  const records = fc.array(record, { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(records, fc.infiniteStream(fc.boolean()), (given, choices) => {
      const kept = given.map((_, i) => i).filter(() => choices.next().value)
      const frame = sent([packRecords(given).pick(kept)])
      expect(kept.map((_, i) => seenIn(frame, i))).toEqual(kept.map((i) => expected(given[i]!)))
    }),
  )
})

test('what a handler changes or transfers is its own copy', () => {
  const given = { slot: 0, offset: 1, timestamp: 5, timestampType: 1, headers: [['h', Buffer.from('header')]] as const }
  const frame = sent([packRecords([{ ...given, key: Buffer.from('key'), value: Buffer.from('value') }])])
  const first = new FrameMessage<Buffer>(frame, 0, { topic: 't', partition: 0 }, undefined)
  first.key!.fill(0)
  first.rawValue!.fill(0)
  first.headers.get('h')!.fill(0)
  expect(seenIn(frame, 0)).toMatchObject({ key: Buffer.from('key'), rawValue: Buffer.from('value') })
  expect(seenIn(frame, 0).headers).toEqual([['h', Buffer.from('header')]])
})

test('the value is decoded once, and only when it is asked for', () => {
  let decoded = 0
  const format = {
    name: 'count',
    decode: (raw: Uint8Array) => ({ length: raw.length, n: ++decoded }),
    encode: () => Buffer.alloc(0),
  }
  const base = { slot: 0, offset: 1, timestamp: 5, timestampType: 1, headers: [], key: null }
  const frame = sent([
    packRecords([
      { ...base, value: Buffer.from('abc') },
      { ...base, value: null },
    ]),
  ])
  const message = new FrameMessage(frame, 0, { topic: 't', partition: 0 }, format)
  expect(decoded).toBe(0)
  expect(message.value).toEqual({ length: 3, n: 1 })
  expect(message.value).toEqual({ length: 3, n: 1 })
  // A tombstone has nothing to decode.
  expect(new FrameMessage(frame, 1, { topic: 't', partition: 0 }, format).value).toBeNull()
  expect(decoded).toBe(1)
})

import type { Message } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addon } from '../src/binding.js'
import type { MockCluster } from '../src/mock-cluster.js'
import {
  Member,
  type MemberOptions,
  numbered,
  plainConsume,
  produce,
  type Record,
  random,
  startCluster,
} from './support.js'
import { produceRaw } from './wire.js'

let cluster: MockCluster

beforeAll(() => {
  cluster = startCluster()
})

afterAll(() => cluster.close())

let groupIds = 0

async function readAll(topic: string, count: number, options: MemberOptions = {}) {
  const member = await new Member(cluster, `read-${topic}-${groupIds++}`, options).start(topic)
  await member.until(() => member.records.length >= count)
  await member.stop()
  return member
}

function fuzz(count: number, partitions: number, seed: number): Message[] {
  const next = random(seed)
  const bytes = (max: number): Buffer | null => {
    const kind = next(10)
    if (kind === 0) return null
    return kind === 1 ? Buffer.alloc(0) : Buffer.from(Array.from({ length: next(max) + 1 }, () => next(256)))
  }
  return Array.from({ length: count }, (_, i) => {
    const message: Message = {
      key: bytes(40),
      value: bytes(300),
      partition: i % partitions,
      timestamp: `${1e12 + next(1e9)}`,
    }
    if (next(3) === 0) message.headers = { one: `é${next(100)}`, twice: ['a', ''], 'x-☃': `${next(9)}` }
    return message
  })
}

describe('a block', () => {
  test.each([
    ['in bursts', 16],
    ['one by one', 0],
  ])('says the same as node-rdkafka consume() for 10,000 fuzzed records, read %s', async (_, burst) => {
    const seed = 20_261_122
    const topic = `fuzz-${burst}`
    cluster.createTopic(topic, 4)
    await produce(cluster, topic, fuzz(10_000, 4, seed))

    const plain = await plainConsume(cluster, topic, 10_000)
    const member = await readAll(topic, 10_000, { burst, maxRecords: 777, maxBytes: 100_000 })

    for (let partition = 0; partition < 4; partition++) {
      const expected = plain
        .filter((message) => message.partition === partition)
        .map(({ key, value, offset, timestamp, headers }) => ({
          key,
          value,
          offset,
          timestamp,
          headers: headers ?? [],
        }))
      const actual = member.records
        .filter((record) => member.slots.get(record.slot)!.partition === partition)
        .map(({ key, value, offset, timestamp, headers }) => ({
          key,
          value,
          offset,
          timestamp,
          headers: headers.map(([name, bytes]) => ({ [name]: bytes })),
        }))
      expect(actual, `seed ${seed}, partition ${partition}`).toEqual(expected)
    }
    expect(member.records.every((record) => record.timestampType === 1)).toBe(true)
    expect(Math.max(...member.blocks)).toBeLessThanOrEqual(777)
  })

  test('tells null, empty and repeated headers apart', async () => {
    cluster.createTopic('headers', 1)
    const headers: [string, string | null][] = [
      ['none', null],
      ['empty', ''],
      ['twice', 'a'],
      ['twice', 'b'],
    ]
    await produceRaw(cluster, 'headers', { key: null, value: null, headers })
    await produce(cluster, 'headers', [{ value: 'no headers' }])
    const [record, bare] = (await readAll('headers', 2)).records
    expect(record.headers).toEqual([
      ['none', null],
      ['empty', Buffer.alloc(0)],
      ['twice', Buffer.from('a')],
      ['twice', Buffer.from('b')],
    ])
    expect([record.key, record.value]).toEqual([null, null])
    expect(bare.headers).toEqual([])
  })

  test('holds records of 1 MiB, alone when they exceed the byte limit', async () => {
    cluster.createTopic('big', 1)
    const big = Buffer.alloc(2 ** 20, 'b')
    await produce(cluster, 'big', [{ value: 'before' }, { value: big }, { value: big }, { value: 'after' }])
    const member = await readAll('big', 4, { maxBytes: 1_000 })
    expect(member.records.map((record) => record.value!.length)).toEqual([6, 2 ** 20, 2 ** 20, 5])
    expect(member.records[1].value!.equals(big)).toBe(true)
    expect(member.blocks).toEqual([1, 1, 1, 1])
  })

  test('never exceeds the limits of its request', async () => {
    cluster.createTopic('limits', 3)
    await produce(cluster, 'limits', numbered(3_000, 3, 50))
    const sizes: { count: number; bytes: number }[] = []
    const measure = (records: Record[]) =>
      sizes.push({ count: records.length, bytes: records.reduce((sum, record) => sum + record.size, 0) })
    const member = await new Member(cluster, 'limits', { maxRecords: 100, maxBytes: 2_000, onRecords: measure }).start(
      'limits',
    )
    await member.until(() => member.records.length === 3_000)
    await member.stop()
    expect(Math.max(...sizes.map(({ bytes }) => bytes))).toBeLessThanOrEqual(2_000)
    expect(Math.max(...sizes.map(({ count }) => count))).toBeLessThanOrEqual(100)
    for (let partition = 0; partition < 3; partition++)
      expect(member.offsets(partition)).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
  })
})

describe('memory that a request lends', () => {
  test('holds the block, as many records as fit in, and is the same as with memory of its own', async () => {
    cluster.createTopic('lent', 2)
    await produce(cluster, 'lent', fuzz(4_000, 2, 7))
    const lent: ArrayBuffer[] = []
    const used: ArrayBuffer[] = []
    const lend = () => {
      const buffer = new ArrayBuffer(20_000 + 4 * (lent.length % 5))
      // Whoever trusts that it is clear reads nonsense.
      new Uint8Array(buffer).fill(0xaa)
      lent.push(buffer)
      return buffer
    }
    const member = await readAll('lent', 4_000, { lend, onRecords: (_, block) => used.push(block) })
    expect(used).toEqual(lent.slice(0, used.length))
    expect(used.every((block, i) => block === lent[i])).toBe(true)

    const own = await readAll('lent', 4_000)
    for (let partition = 0; partition < 2; partition++) {
      const of = ({ records, slots }: Member) =>
        records
          .filter(({ slot }) => slots.get(slot)!.partition === partition)
          .map(({ slot, position, ...record }) => record)
      expect(of(member)).toEqual(of(own))
    }
  })

  test('is left alone for a record that is larger', async () => {
    cluster.createTopic('larger', 1)
    const big = Buffer.alloc(50_000, 'b')
    await produce(cluster, 'larger', [{ value: 'before' }, { value: big }, { value: 'after' }])
    const room = new ArrayBuffer(10_000)
    const blocks: ArrayBuffer[] = []
    const member = await readAll('larger', 3, { lend: () => room, onRecords: (_, block) => blocks.push(block) })
    expect(member.records.map(({ value }) => value!.length)).toEqual([6, 50_000, 5])
    expect(blocks.map((block) => block === room)).toEqual([true, false, true])
  })

  test('is given back by the request that used it, not by one that was replaced', async () => {
    cluster.createTopic('replaced', 1)
    const member = await new Member(cluster, 'replaced', { keepReading: false }).start('replaced')
    const [first, second] = [new ArrayBuffer(10_000), new ArrayBuffer(10_000)]
    member.reader.request(10, 1_000, first)
    member.reader.request(10, 1_000, second)
    let block: ArrayBuffer | undefined
    member.drain = () => {
      block = member.reader.take()?.block ?? block
    }
    await produce(cluster, 'replaced', [{ value: 'x' }])
    await expect.poll(() => block).toBeDefined()
    expect(block).toBe(second)
    await member.stop()
  })
})

describe('groups', () => {
  test.each([1, 3, 4])('records of one of %i lie together, in their order', async (groups) => {
    cluster.createTopic(`groups-${groups}`, 2)
    await produce(cluster, `groups-${groups}`, fuzz(2_000, 2, groups))
    const blocks: Record[][] = []
    await readAll(`groups-${groups}`, 2_000, { groups, onRecords: (records) => blocks.push(records), maxRecords: 300 })
    for (const records of blocks) {
      let at = Math.min(...records.map(({ position }) => position))
      for (let group = 0; group < groups; group++) {
        for (const { position, size } of records.filter(({ keyHash }) => keyHash % groups === group)) {
          expect(position).toBe(at)
          at += (size + 3) & ~3
        }
      }
    }
  })

  test('have to be a whole number from 1', async () => {
    const member = new Member(cluster, 'no-groups', { groups: 0 })
    await expect(member.start('groups-1')).rejects.toThrow('groups has to be a whole number from 1 to 65536, not 0')
    await member.consumer.disconnect()
  })
})

describe('the key hash', () => {
  const fmix32 = (hash: number): number => {
    let h = hash
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return (h ^ (h >>> 16)) >>> 0
  }

  // Kafka's own vectors (UtilsTest.testMurmur2), before the final mix.
  test.each([
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
    ['abc', 479_470_107],
  ])('of %s is the mixed murmur2 %i', (key, murmur2) => {
    expect(addon.keyHash(Buffer.from(key))).toBe(fmix32(murmur2))
  })

  test('is 0 for a null key only, and that of no bytes for an empty one', async () => {
    cluster.createTopic('hash', 1)
    await produce(cluster, 'hash', [
      { key: null, value: 'n' },
      { key: '', value: 'e' },
      { key: '21', value: 'k' },
    ])
    const { records } = await readAll('hash', 3)
    expect(records.map((record) => record.keyHash)).toEqual([0, addon.keyHash(Buffer.alloc(0)), fmix32(-973_932_308)])
    expect(records[1].keyHash).not.toBe(0)
  })
})

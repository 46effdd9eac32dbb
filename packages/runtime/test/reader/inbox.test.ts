import type { AssignedPartition, PartitionSlot } from '@zk/engine'
import { expect, test, vi } from 'vitest'
import { packRecords } from '../../src/kafka/packed-batch.js'
import { Inbox, type ReceivedRecord } from '../../src/reader/inbox.js'

const TOPIC = 'orders'

function desk(maxUncommittedRecords = 1_000) {
  const stored: [partition: number, watermark: number, finished: readonly number[]][] = []
  const restarted: [partition: number, offset: number][] = []
  const paused: [partition: number, paused: boolean][] = []
  const inbox = new Inbox({
    maxUncommittedRecords,
    setPaused: ({ partition }, isPaused) => void paused.push([partition, isPaused]),
    restart: ({ partition }, offset) => void restarted.push([partition, offset]),
    store: ({ partition }, watermark, finished) => void stored.push([partition, watermark, finished]),
  })
  const assign = (partition = 0, more: Partial<AssignedPartition> = {}): PartitionSlot =>
    inbox.assigned([{ topic: TOPIC, partition, ...more }])[0]!
  const read = (slot: PartitionSlot, ...offsets: number[]) => {
    const records = offsets.map((offset) => ({
      ...{ slot, offset, timestamp: 1_000, timestampType: 1, key: Buffer.from('k'), value: Buffer.from(`v${offset}`) },
      headers: [],
    }))
    inbox.accept(packRecords(records))
  }
  const takeAll = (): ReceivedRecord[] => {
    const records: ReceivedRecord[] = []
    for (let record = inbox.take(); record !== undefined; record = inbox.take()) records.push(record)
    return records
  }
  const store = () => {
    inbox.storeWatermarks()
    return stored.splice(0)
  }
  return { inbox, assign, read, takeAll, store, restarted, paused }
}

const offsets = (records: readonly ReceivedRecord[]) => records.map(({ offset }) => offset)

test('records are taken in the order in which they were read, each once, as they were written', () => {
  const { inbox, assign, read, takeAll } = desk()
  const [a, b] = [assign(0), assign(1)]
  read(a, 0, 1)
  read(b, 7)
  read(a, 2)
  expect(inbox.size).toBe(4)
  const records = takeAll()
  expect(records.map(({ assignment, offset }) => `${assignment.partition}@${offset}`)).toEqual([
    '0@0',
    '0@1',
    '1@7',
    '0@2',
  ])
  expect(records[2]).toMatchObject({ key: Buffer.from('k'), value: Buffer.from('v7'), timestamp: 1_000 })
  expect(inbox.size).toBe(0)
})

test('what is stored is never past a record that is not done, taken or not', () => {
  const { assign, read, takeAll, inbox, store } = desk()
  const slot = assign()
  read(slot, 0, 1, 2, 3)
  expect(store()).toEqual([])
  const [zero, one, two] = takeAll()
  inbox.finish(one!)
  inbox.finish(two!)
  expect(store()).toEqual([[0, 0, [1, 3]]])
  inbox.finish(zero!)
  expect(store()).toEqual([[0, 3, []]])
  read(slot, 4)
  expect(store()).toEqual([])
})

test('a record that is done twice counts once', () => {
  const { assign, read, takeAll, inbox } = desk()
  read(assign(), 0, 1)
  const [zero] = takeAll()
  inbox.finish(zero!)
  inbox.finish(zero!)
  expect(inbox.counters.processed).toBe(1)
})

test('what an earlier owner has finished above its commit is not read again', () => {
  const { assign, read, takeAll, inbox, store } = desk()
  read(assign(0, { committed: 1, finished: [2, 4] }), 1, 2, 3, 4)
  const records = takeAll()
  expect(offsets(records)).toEqual([1, 4])
  inbox.finish(records[0]!)
  expect(store()).toEqual([[0, 4, []]])
})

test('a record that is done under an assignment that is over moves nothing', () => {
  const { assign, read, takeAll, inbox, store } = desk()
  const slot = assign()
  read(slot, 0)
  const [before] = takeAll()
  inbox.end([slot])
  assign()
  read(slot, 0)
  inbox.finish(before!)
  expect(store()).toEqual([])
  expect(inbox.counters.processed).toBe(0)
})

test('a drain drops what nobody has taken, and waits for what somebody has', async () => {
  const { assign, read, inbox } = desk()
  const [going, staying] = [assign(0), assign(1)]
  read(going, 0, 1)
  const taken = inbox.take()!
  read(staying, 0)
  const drained = inbox.drain([going], 10_000)
  read(going, 2)
  expect(inbox.size).toBe(1)
  expect(inbox.take()!.assignment.slot).toBe(staying)
  inbox.finish(taken)
  expect(await drained).toBe(true)
})

test('a drain ends when its time is up, or when it is given up', async () => {
  vi.useFakeTimers()
  try {
    const { assign, read, inbox } = desk()
    const slot = assign()
    read(slot, 0)
    inbox.take()
    const [late, givenUp] = [inbox.drain([slot], 10_000), inbox.drain([slot], 20_000)]
    vi.advanceTimersByTime(10_000)
    expect(await late).toBe(false)
    inbox.giveUp()
    expect(await givenUp).toBe(false)
  } finally {
    vi.useRealTimers()
  }
})

test('a record that is put back is the next again', () => {
  const { assign, read, inbox, takeAll } = desk()
  read(assign(), 0, 1)
  inbox.putBack(inbox.take()!)
  expect(offsets(takeAll())).toEqual([0, 1])
})

test('records that are put back out of their order are in it again', () => {
  const { assign, read, inbox, takeAll } = desk()
  read(assign(), 0, 1, 2)
  const [zero, one] = [inbox.take()!, inbox.take()!]
  inbox.putBack(zero)
  inbox.putBack(one)
  expect(offsets(takeAll())).toEqual([0, 1, 2])
})

test('a record that is put back while its partition drains is its next owner’s, and holds the drain up no longer', async () => {
  const { assign, read, inbox } = desk()
  const slot = assign()
  read(slot, 0)
  const record = inbox.take()!
  const drained = inbox.drain([slot], 10_000)
  inbox.putBack(record)
  expect(inbox.take()).toBeUndefined()
  expect(await drained).toBe(true)
})

test('too many records that are not done stop their partition, until three quarters are left', () => {
  const { assign, read, takeAll, inbox, paused } = desk(4)
  const slot = assign()
  read(slot, 0, 1, 2, 3, 4)
  expect(paused).toEqual([[0, true]])
  const records = takeAll()
  inbox.finish(records[0]!)
  inbox.finish(records[1]!)
  expect(paused).toEqual([[0, true]])
  inbox.finish(records[2]!)
  expect(paused).toEqual([
    [0, true],
    [0, false],
  ])
})

test('a partition that is taken away while it is paused goes on when it comes back', () => {
  const { assign, read, inbox, paused } = desk(1)
  const slot = assign()
  read(slot, 0)
  inbox.end([slot])
  expect(paused).toEqual([
    [0, true],
    [0, false],
  ])
})

test('a partition that is rewound below all that is not done is read on from there', () => {
  const { assign, read, takeAll, inbox, store } = desk()
  const slot = assign()
  read(slot, 5, 6)
  const [five] = takeAll()
  read(slot, 0, 1)
  inbox.finish(five!)
  const records = takeAll()
  expect(offsets(records)).toEqual([0, 1])
  inbox.finish(records[0]!)
  expect(store()).toEqual([[0, 1, []]])
})

test('a partition that is rewound above a record that is not done is read again from that record', () => {
  const { assign, read, takeAll, restarted } = desk()
  const slot = assign()
  read(slot, 0, 1, 2, 3)
  takeAll()
  read(slot, 2)
  expect(takeAll()).toEqual([])
  expect(restarted).toEqual([[0, 0]])
})

test('the end of a partition is committed where nothing was left to do', () => {
  const { assign, inbox, store } = desk()
  inbox.reachedEnd(assign(), 42)
  expect(store()).toEqual([[0, 42, []]])
})

import { expect, test } from 'vitest'
import { BlockPool } from '../../src/kafka/block-pool.js'
import { packRecords } from '../../src/kafka/packed-batch.js'

/** What the reader does: packs 20 records of so many bytes in all into the lent buffer, or into its own. */
function fill(room: ArrayBuffer, total: number): ArrayBuffer {
  const value = new Uint8Array(Math.floor(total / 20))
  const record = { slot: 0, timestamp: 1, timestampType: 1, key: null, value, headers: [] }
  const block = packRecords(Array.from({ length: 20 }, (_, i) => ({ ...record, offset: 7 + i }))).bytes
  if (block.byteLength > room.byteLength) return block.buffer as ArrayBuffer
  new Uint8Array(room).set(block)
  return room
}

const HALF = 40_000

test('a buffer comes back when its batch is released, and not before', () => {
  const pool = new BlockPool()
  const first = pool.lend()
  const batch = pool.batchOf(fill(first, HALF))
  const second = pool.lend()
  expect(second).not.toBe(first)
  pool.batchOf(fill(second, HALF))
  batch.release()
  expect(pool.lend()).toBe(first)
})

test('few records are copied out, so that they pin no whole buffer', () => {
  const pool = new BlockPool()
  const buffer = pool.lend()
  const batch = pool.batchOf(fill(buffer, 100))
  expect(batch.bytes.buffer).not.toBe(buffer)
  expect(batch.byteLength).toBeLessThan(2_000)
  // Whatever the next block writes there.
  new Uint8Array(buffer).fill(0xff)
  expect([batch.offsets[0], batch.valueLengths[0], batch.bytes[batch.positions[0]!]]).toEqual([7, 5, 0])
  batch.release()
  expect(pool.lend()).not.toBe(batch.bytes.buffer)
})

test('what was free all the while that 64 blocks were read is given back, and the rest stays', () => {
  const pool = new BlockPool()
  const batches = Array.from({ length: 9 }, () => pool.batchOf(fill(pool.lend(), HALF)))
  const buffers = batches.map(({ bytes }) => bytes.buffer)
  for (const batch of batches) batch.release()
  const left = () => buffers.filter(({ byteLength }) => byteLength > 0)
  // Three at a time.
  const step = (count: number) => {
    for (let i = 0; i < count; i++) {
      const three = Array.from({ length: 3 }, () => pool.batchOf(fill(pool.lend(), HALF)))
      for (const batch of three) batch.release()
    }
  }
  // With the nine before, 63 blocks.
  step(18)
  expect(left()).toHaveLength(9)
  step(22)
  expect(left()).toHaveLength(3)
  step(100)
  expect(left()).toHaveLength(3)
})

test('the reader is lent one buffer at a time', () => {
  const pool = new BlockPool()
  pool.lend()
  expect(() => pool.lend()).toThrow('one request at a time')
})

test('a large record has memory of its own, and the lent buffer stays for the next', () => {
  const pool = new BlockPool()
  const buffer = pool.lend()
  const batch = pool.batchOf(fill(buffer, 3_000_000))
  expect(batch.byteLength).toBeGreaterThan(3_000_000)
  batch.release()
  expect(pool.lend().byteLength).toBeLessThanOrEqual(512 * 1024)
})

test('buffers follow the size of the blocks, between 64 KiB and 512 KiB', () => {
  const pool = new BlockPool()
  const sizes = (share: number, blocks: number) =>
    Array.from({ length: blocks }, () => {
      const buffer = pool.lend()
      // It may be given back before it is asked.
      const { byteLength } = buffer
      pool.batchOf(fill(buffer, byteLength * share))
      return byteLength / 1024
    })
  expect(sizes(0.96, 5)).toEqual([64, 128, 256, 512, 512])
  expect(sizes(0.5, 3)).toEqual([512, 512, 512])
  expect(sizes(0.1, 5)).toEqual([512, 256, 128, 64, 64])
})

test('what is not kept is given back as soon as its batch is released', () => {
  const pool = new BlockPool()
  for (const total of [100, 3_000_000]) {
    const batch = pool.batchOf(fill(pool.lend(), total))
    expect(batch.bytes.length).toBeGreaterThan(total)
    batch.release()
    expect(batch.bytes.length).toBe(0)
  }
})

test('buffers of a size that is not read any more are given back, the free ones and those in use', () => {
  const pool = new BlockPool()
  const free = pool.batchOf(fill(pool.lend(), HALF))
  const used = pool.batchOf(fill(pool.lend(), HALF))
  const full = pool.lend()
  free.release()
  expect(free.bytes.length).toBe(64 * 1024)
  pool.batchOf(fill(full, full.byteLength * 0.96))
  expect([free.bytes.length, used.bytes.length]).toEqual([0, 64 * 1024])
  used.release()
  expect(used.bytes.length).toBe(0)
})

test('survivors that were copied out are given back with the last of them', () => {
  const pool = new BlockPool()
  const picked = pool.batchOf(fill(pool.lend(), HALF)).pick([3])
  expect(picked.bytes.length).toBeGreaterThan(0)
  picked.release()
  expect(picked.bytes.length).toBe(0)
})

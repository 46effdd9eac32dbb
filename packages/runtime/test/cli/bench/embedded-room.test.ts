import { expect, test } from 'vitest'
import { embeddedPartitions, embeddedRoom, partitionShares } from '../../../src/cli/bench/embedded-room.js'
import { generatedRecords } from '../../../src/cli/bench/sample.js'

const LEAST = 12
const MIB = 1024 * 1024
const records = (keys: number, bytes = 1_000) => generatedRecords(keys, [Buffer.alloc(bytes)])

test('one key has room in one partition, and many have it in all', () => {
  expect(embeddedRoom(records(1)) * 1_000).toBeLessThan(5 * MIB)
  expect(embeddedRoom(records(1)) * 1_000).toBeGreaterThan(3 * MIB)
  expect(embeddedRoom(records(100_000)) * 1_000).toBeGreaterThan(40 * 5 * MIB)
})

test('however small they are, it keeps 100,000 in a partition', () => {
  expect(embeddedRoom(records(1, 1))).toBeLessThan(100_000)
  expect(embeddedRoom(records(1, 1))).toBeGreaterThan(80_000)
})

test('records without a key are spread', () => {
  const unkeyed = [{ key: null, value: Buffer.alloc(1_000), headers: [] }]
  expect(embeddedRoom(unkeyed)).toBeGreaterThan(60 * embeddedRoom(records(1)))
})

test('how much of all each partition gets', () => {
  expect(partitionShares(records(1), 12).toSorted()).toEqual([...Array(11).fill(0), 1])
  const even = partitionShares(records(100_000), 12)
  expect(Math.min(...even)).toBeGreaterThan(0.9 / 12)
  expect(Math.max(...even)).toBeLessThan(1.1 / 12)
  const halfUnkeyed = [...records(1), { key: null, value: null, headers: [] }]
  expect(Math.max(...partitionShares(halfUnkeyed, 10))).toBeCloseTo(0.55)
})

test('as few partitions as keep the backlog, and no fewer than a topic usually has', () => {
  const many = records(100_000)
  expect(embeddedPartitions(many, 1_000, LEAST)).toBe(LEAST)
  const half = embeddedPartitions(many, embeddedRoom(many) / 2, LEAST)
  expect(half).toBeGreaterThan(LEAST)
  expect(half).toBeLessThan(50)
  expect(embeddedPartitions(many, embeddedRoom(many), LEAST)).toBe(64)
})

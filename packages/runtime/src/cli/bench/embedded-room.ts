/**
 * How many records the embedded broker keeps. It drops the oldest of a partition beyond 5 MiB or 100,000, and keys decide which is
 * the fullest: ten of them lie in ten partitions at most.
 */
import { murmur2 } from '@zk/engine'
import { type SampleRecord, storedBytes } from './sample.js'

/** Records without a key are spread, and not evenly. */
const BYTES = 4 * 1024 * 1024
const RECORDS = 90_000
const MOST_PARTITIONS = 64

/** The most records that it keeps, these in turn, in as many partitions as are of use. */
export function embeddedRoom(records: readonly SampleRecord[]): number {
  return roomOf(records, MOST_PARTITIONS)
}

/** @returns in how many partitions it keeps so many of them, at least so many partitions */
export function embeddedPartitions(records: readonly SampleRecord[], messages: number, least: number): number {
  let partitions = least
  while (partitions < MOST_PARTITIONS && roomOf(records, partitions) < messages) partitions++
  return partitions
}

function roomOf(records: readonly SampleRecord[], partitions: number): number {
  const counts = new Float64Array(partitions)
  let spread = 0
  for (const { key } of records) {
    if (key === null) spread++
    // As Java and kafkajs place keys.
    else counts[(murmur2(key) & 0x7fff_ffff) % partitions]!++
  }
  const fullest = (Math.max(...counts) + spread / partitions) / records.length
  return Math.max(1, Math.floor(Math.min(RECORDS, BYTES / storedBytes(records)) / fullest))
}

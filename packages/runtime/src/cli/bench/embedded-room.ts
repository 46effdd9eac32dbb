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

/** Records as the broker keeps them: what places their keys, how many have none, and what one takes on average, in bytes. */
interface Load {
  readonly hashes: Int32Array
  readonly unkeyed: number
  readonly bytesEach: number
}

/** The most records that it keeps, these in turn, in as many partitions as are of use. */
export function embeddedRoom(records: readonly SampleRecord[]): number {
  return roomOf(loadOf(records), MOST_PARTITIONS)
}

/** @returns in how many partitions it keeps so many of them, at least so many partitions */
export function embeddedPartitions(records: readonly SampleRecord[], messages: number, least: number): number {
  const load = loadOf(records)
  let partitions = least
  while (partitions < MOST_PARTITIONS && roomOf(load, partitions) < messages) partitions++
  return partitions
}

/** Which share of the records each of so many partitions gets, 0 to 1. */
export function partitionShares(records: readonly SampleRecord[], partitions: number): number[] {
  return sharesOf(loadOf(records), partitions)
}

function loadOf(records: readonly SampleRecord[]): Load {
  const keys = records.flatMap(({ key }) => (key === null ? [] : [key]))
  return {
    // As Java and kafkajs place keys.
    hashes: Int32Array.from(keys, (key) => murmur2(key) & 0x7fff_ffff),
    unkeyed: records.length - keys.length,
    bytesEach: storedBytes(records),
  }
}

function roomOf(load: Load, partitions: number): number {
  return Math.max(1, Math.floor(Math.min(RECORDS, BYTES / load.bytesEach) / Math.max(...sharesOf(load, partitions))))
}

function sharesOf({ hashes, unkeyed }: Load, partitions: number): number[] {
  const counts = new Array<number>(partitions).fill(unkeyed / partitions)
  for (const hash of hashes) counts[hash % partitions]!++
  return counts.map((count) => count / (hashes.length + unkeyed))
}

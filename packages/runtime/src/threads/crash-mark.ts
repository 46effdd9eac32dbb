/**
 * The file in which threads mark what they run, so that it is known after the whole process has died.
 *
 * A header, then entries of 512 bytes: one never lies across two pages, so that a process which dies within a write leaves
 * it whole or not at all. The page cache outlives the process, so nothing is synced; a machine that loses its power loses
 * marks, and nobody blames records for that.
 *
 * Entry: u32 magic (0: nothing runs), u32 checksum, f64 offset, i32 partition, u32 length of the topic, topic.
 * Header: u32 magic, u32 version, 16 bytes that name the life of the process.
 */
import type { TopicPartition } from '@zk/engine'

export const ENTRY_BYTES = 512
export const LIFE_BYTES = 16

const HEADER_MAGIC = 0x5a4b434a
const ENTRY_MAGIC = 0x5a4b4352
const VERSION = 1
const TOPIC = 24

export interface MarkedRecord extends TopicPartition {
  offset: number
}

/** Where the entry of a lane stands. Lanes lie side by side for all threads: those that are never used take no room. */
export function positionOf(lane: number, thread: number, threads: number): number {
  return ENTRY_BYTES * (1 + lane * threads + thread)
}

export function encodeHeader(life: Uint8Array): Buffer {
  const header = Buffer.alloc(ENTRY_BYTES)
  header.writeUInt32LE(HEADER_MAGIC, 0)
  header.writeUInt32LE(VERSION, 4)
  header.set(life, 8)
  return header
}

/** @returns the life of the process that wrote the file, as hex; undefined when the file is something else. */
export function decodeHeader(header: Buffer): string | undefined {
  if (header.length < ENTRY_BYTES || header.readUInt32LE(0) !== HEADER_MAGIC) return undefined
  return header.readUInt32LE(4) === VERSION ? header.toString('hex', 8, 8 + LIFE_BYTES) : undefined
}

/** An entry for the records of a partition, of which only the offset has to be filled in. */
export class MarkTemplate {
  readonly bytes: Buffer
  readonly #view: DataView
  readonly #hash: number

  constructor({ topic, partition }: TopicPartition) {
    const name = Buffer.from(topic)
    this.bytes = Buffer.alloc(TOPIC + name.length)
    this.bytes.set(name, TOPIC)
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
    this.#view.setUint32(0, ENTRY_MAGIC, true)
    this.#view.setInt32(16, partition, true)
    this.#view.setUint32(20, name.length, true)
    this.#hash = hashOf(name, partition)
  }

  /** @returns the entry; it is overwritten by the next call */
  of(offset: number): Buffer {
    this.#view.setFloat64(8, offset, true)
    const check = checksum(this.#hash, this.#view.getUint32(8, true), this.#view.getUint32(12, true))
    this.#view.setUint32(4, check, true)
    return this.bytes
  }
}

/** @returns the record, undefined for a free entry, 'garbage' for one that nobody wrote in full */
export function decodeEntry(entry: Buffer): MarkedRecord | undefined | 'garbage' {
  const magic = entry.readUInt32LE(0)
  if (magic === 0) return undefined
  const length = entry.readUInt32LE(20)
  if (magic !== ENTRY_MAGIC || length > ENTRY_BYTES - TOPIC) return 'garbage'
  const name = entry.subarray(TOPIC, TOPIC + length)
  const partition = entry.readInt32LE(16)
  const check = checksum(hashOf(name, partition), entry.readUInt32LE(8), entry.readUInt32LE(12))
  if (entry.readUInt32LE(4) !== check) return 'garbage'
  return { topic: name.toString(), partition, offset: entry.readDoubleLE(8) }
}

/** FNV-1a. */
function hashOf(name: Buffer, partition: number): number {
  let hash = 0x811c9dc5 ^ partition
  for (const byte of name) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** @param low of the offset's bits, as is `high` */
function checksum(hash: number, low: number, high: number): number {
  const mixed = Math.imul(Math.imul(hash ^ low, 0x85ebca6b) ^ high, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

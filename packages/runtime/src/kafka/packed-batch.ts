/**
 * Records of one read as one block of memory: columns first, then the bytes of each record.
 *
 * The native reader delivers this block as it is, made on its own thread; the portable reader packs node-rdkafka's
 * messages into the same layout, so that everything behind the readers is one code path. Layout, little endian:
 *
 *   u32 magic, u32 count, u32 start of the bytes, u32 total size, 16 bytes zero
 *   f64 offset[n], f64 timestamp[n], i32 slot[n], u32 keyHash[n], i32 keyLength[n], i32 valueLength[n],
 *   i32 headersLength[n], u32 position[n], i32 size[n], i32 flags[n]   (each column at a multiple of eight)
 *   record bytes: key, value, headers; each record at a multiple of four
 *
 * Headers: u32 count, then per header u32 name length, name, i32 value length (-1 null), value.
 */
import type { PartitionSlot, RecordBatch } from '@zk/engine'
import { keyHash } from '@zk/engine/in-thread'
import { freeBuffer } from '../free-buffer.js'

const MAGIC = 0x5a4b4232
const HEADER_BYTES = 32

/** Bits 0 and 1 of a record's flags. */
export const TimestampType = { none: 0, create: 1, logAppend: 2 } as const

interface Columns {
  offsets: Float64Array
  timestamps: Float64Array
  slots: Int32Array
  keyHashes: Uint32Array
  keyLengths: Int32Array
  valueLengths: Int32Array
  headersLengths: Int32Array
  positions: Uint32Array
  sizes: Int32Array
  flags: Int32Array
  /** Where the record bytes begin. */
  end: number
}

function columnsOf(buffer: ArrayBuffer, n: number): Columns {
  let at = HEADER_BYTES
  const narrow = (n * 4 + 7) & ~7
  const next = (bytes: number) => {
    const start = at
    at += bytes
    return start
  }
  return {
    offsets: new Float64Array(buffer, next(n * 8), n),
    timestamps: new Float64Array(buffer, next(n * 8), n),
    slots: new Int32Array(buffer, next(narrow), n),
    keyHashes: new Uint32Array(buffer, next(narrow), n),
    keyLengths: new Int32Array(buffer, next(narrow), n),
    valueLengths: new Int32Array(buffer, next(narrow), n),
    headersLengths: new Int32Array(buffer, next(narrow), n),
    positions: new Uint32Array(buffer, next(narrow), n),
    sizes: new Int32Array(buffer, next(narrow), n),
    flags: new Int32Array(buffer, next(narrow), n),
    end: at,
  }
}

const columnBytes = (n: number) => HEADER_BYTES + n * 16 + 8 * ((n * 4 + 7) & ~7)

export class PackedBatch implements RecordBatch {
  readonly length: number
  readonly byteLength: number
  live: number
  readonly offsets: Float64Array
  /** Milliseconds since 1970, -1 where there is none. */
  readonly timestamps: Float64Array
  readonly slots: Int32Array
  readonly keyHashes: Uint32Array
  readonly keyLengths: Int32Array
  /** -1 for a tombstone. */
  readonly valueLengths: Int32Array
  readonly headersLengths: Int32Array
  /** Where a record's bytes begin in `bytes`. */
  readonly positions: Uint32Array
  readonly sizes: Int32Array
  readonly flags: Int32Array
  /** The whole block. */
  readonly bytes: Uint8Array
  /** The whole block by words, for small copies: a record begins at a whole word. */
  readonly words: Int32Array
  /** By record, what `postRead` gave it, serialized; undefined where no hook gives anything. */
  values: (Uint8Array | undefined)[] | undefined
  readonly #released: ((buffer: ArrayBuffer) => void) | undefined

  /** What the block in this buffer holds and takes. */
  static extent(buffer: ArrayBuffer): { records: number; bytes: number } {
    const [, records, , bytes] = new Uint32Array(buffer, 0, 4)
    return { records: records!, bytes: bytes! }
  }

  /** @param released called with the buffer when nobody reads the batch any more; a block may be shorter than it */
  constructor(buffer: ArrayBuffer, released?: (buffer: ArrayBuffer) => void) {
    const head = new Uint32Array(buffer, 0, 4)
    if (head[0] !== MAGIC) throw new Error(`not a block of records: magic ${head[0]!.toString(16)}`)
    const n = head[1]!
    const columns = columnsOf(buffer, n)
    this.length = n
    this.live = n
    this.byteLength = buffer.byteLength
    this.offsets = columns.offsets
    this.timestamps = columns.timestamps
    this.slots = columns.slots
    this.keyHashes = columns.keyHashes
    this.keyLengths = columns.keyLengths
    this.valueLengths = columns.valueLengths
    this.headersLengths = columns.headersLengths
    this.positions = columns.positions
    this.sizes = columns.sizes
    this.flags = columns.flags
    this.bytes = new Uint8Array(buffer)
    this.words = new Int32Array(buffer, 0, buffer.byteLength >> 2)
    this.#released = released
  }

  release(): void {
    this.#released?.(this.bytes.buffer as ArrayBuffer)
  }

  pick(indexes: readonly number[]): PackedBatch {
    const n = indexes.length
    const total = indexes.reduce((sum, i) => sum + ((this.sizes[i]! + 3) & ~3), columnBytes(n))
    const { buffer, columns, bytes } = layOut(n, total)
    let position = columns.end
    for (const [to, from] of indexes.entries()) {
      const size = this.sizes[from]!
      columns.offsets[to] = this.offsets[from]!
      columns.timestamps[to] = this.timestamps[from]!
      columns.slots[to] = this.slots[from]!
      columns.keyHashes[to] = this.keyHashes[from]!
      columns.keyLengths[to] = this.keyLengths[from]!
      columns.valueLengths[to] = this.valueLengths[from]!
      columns.headersLengths[to] = this.headersLengths[from]!
      columns.positions[to] = position
      columns.sizes[to] = size
      columns.flags[to] = this.flags[from]!
      bytes.set(this.bytes.subarray(this.positions[from]!, this.positions[from]! + size), position)
      position += (size + 3) & ~3
    }
    const picked = new PackedBatch(buffer, freeBuffer)
    const { values } = this
    if (values !== undefined) picked.values = indexes.map((from) => values[from])
    return picked
  }
}

/** A record as it is packed: what a producer wrote, at the place where Kafka put it. */
export interface RecordToPack {
  slot: PartitionSlot
  offset: number
  timestamp: number
  timestampType: number
  key: Uint8Array | null
  value: Uint8Array | null
  headers: readonly (readonly [name: string, value: Uint8Array | null])[]
}

/** Packs records into a batch of their own. Used where they come one by one: tests, generated load. */
export function packRecords(records: readonly RecordToPack[]): PackedBatch {
  return new PackedBatch(packBlock(records))
}

/**
 * Packs records into a block. It is the portable reader's hot path: two passes with loops.
 * @param into for the block; one that is larger gets memory of its own
 */
export function packBlock(records: readonly RecordToPack[], into?: ArrayBuffer): ArrayBuffer {
  const n = records.length
  const headers: Uint8Array[] = new Array(n)
  let total = columnBytes(n)
  for (let i = 0; i < n; i++) {
    const { key, value, headers: given } = records[i]!
    const encoded = encodeHeaders(given)
    headers[i] = encoded
    total += ((key?.length ?? 0) + (value?.length ?? 0) + encoded.length + 3) & ~3
  }
  const { buffer, columns, bytes } = layOut(n, total, into)
  let position = columns.end
  for (let i = 0; i < n; i++) {
    const { slot, offset, timestamp, timestampType, key, value } = records[i]!
    const encoded = headers[i]!
    const size = (key?.length ?? 0) + (value?.length ?? 0) + encoded.length
    columns.offsets[i] = offset
    columns.timestamps[i] = timestamp
    columns.slots[i] = slot
    columns.keyHashes[i] = key === null ? 0 : keyHash(key)
    columns.keyLengths[i] = key === null ? -1 : key.length
    columns.valueLengths[i] = value === null ? -1 : value.length
    columns.headersLengths[i] = encoded.length
    columns.positions[i] = position
    columns.sizes[i] = size
    columns.flags[i] = timestampType
    let at = position
    if (key !== null) {
      bytes.set(key, at)
      at += key.length
    }
    if (value !== null) {
      bytes.set(value, at)
      at += value.length
    }
    if (encoded.length > 0) bytes.set(encoded, at)
    position += (size + 3) & ~3
  }
  return buffer
}

/** @param into taken where the block fits in it */
function layOut(n: number, total: number, into?: ArrayBuffer) {
  const size = (total + 7) & ~7
  const buffer = into !== undefined && size <= into.byteLength ? into : new ArrayBuffer(size)
  const columns = columnsOf(buffer, n)
  new Uint32Array(buffer, 0, 4).set([MAGIC, n, columns.end, size])
  return { buffer, columns, bytes: new Uint8Array(buffer) }
}

const NO_HEADERS = new Uint8Array(0)

export function encodeHeaders(headers: RecordToPack['headers']): Uint8Array {
  if (headers.length === 0) return NO_HEADERS
  const names = headers.map(([name]) => Buffer.from(name))
  const size = headers.reduce((sum, [, value], i) => sum + 8 + names[i]!.length + (value?.length ?? 0), 4)
  const bytes = Buffer.allocUnsafe(size)
  let at = bytes.writeUInt32LE(headers.length, 0)
  for (const [i, [, value]] of headers.entries()) {
    const name = names[i]!
    at = bytes.writeUInt32LE(name.length, at)
    at += name.copy(bytes, at)
    at = bytes.writeInt32LE(value === null ? -1 : value.length, at)
    if (value === null) continue
    bytes.set(value, at)
    at += value.length
  }
  return bytes
}

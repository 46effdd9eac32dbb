/**
 * Records on their way to one thread, packed into one ArrayBuffer that is transferred.
 *
 * Per record 14 words, then the bytes of all records (key, value, headers, contiguous, at a multiple of four). A post of
 * one buffer costs the same for one record as for a thousand; a Buffer would be cloned with its whole pool.
 */
import type { InFlightTable } from '@zk/engine'
import { packValues, valuesAt } from '../hooks/packed-values.js'
import type { PackedBatch } from '../kafka/packed-batch.js'

const HEADER_WORDS = 2
const RECORD_WORDS = 14
/** Word of each field within a record. Doubles stand at even words. */
const SLOT = 0
const EPOCH = 1
const OFFSET = 2
const TIMESTAMP = 4
const TICKET = 6
const SEQUENCE = 7
const KEY_HASH = 8
const ATTEMPT = 9
const KEY_LENGTH = 10
const VALUE_LENGTH = 11
const HEADERS_LENGTH = 12
const POSITION = 13

/** Above this many bytes a native copy beats a loop over words. */
const WORD_COPY_BYTES = 320

/** @param flushAcks acks that the thread may keep back from now on */
export function packFrame(
  table: InFlightTable<PackedBatch>,
  tickets: Int32Array,
  count: number,
  flushAcks: number,
): ArrayBuffer {
  const start = (HEADER_WORDS + count * RECORD_WORDS) * 4
  let total = start
  for (let i = 0; i < count; i++) total += (table.size[tickets[i]!]! + 3) & ~3
  // Not zeroed: every byte that a thread reads is written below.
  const buffer = Buffer.allocUnsafeSlow((total + 7) & ~7).buffer as ArrayBuffer
  const words = new Int32Array(buffer)
  const doubles = new Float64Array(buffer)
  const bytes = new Uint8Array(buffer)
  words[0] = count
  words[1] = flushAcks
  const { batch: batches, index: indexes, size: sizes, slot, epoch, offset, sequence, keyHash, attempt } = table
  let batch: PackedBatch | undefined
  let position = start
  // Neighbours in the block that are neighbours in the frame too are copied at once. The native reader lays the records
  // of a thread side by side.
  let runFrom = 0
  let runEnd = 0
  let runTo = start
  for (let i = 0, at = HEADER_WORDS; i < count; i++, at += RECORD_WORDS) {
    const ticket = tickets[i]!
    const index = indexes[ticket]!
    // Records that are dispatched together mostly come from one batch.
    if (batches[ticket] !== batch || batch!.positions[index] !== runEnd) {
      if (batch !== undefined) copyRun(batch, runFrom, runEnd, words, bytes, runTo)
      batch = batches[ticket]!
      runFrom = batch.positions[index]!
      runEnd = runFrom
      runTo = position
    }
    const { timestamps, keyLengths, valueLengths, headersLengths } = batch!
    const size = (sizes[ticket]! + 3) & ~3
    words[at + SLOT] = slot[ticket]!
    words[at + EPOCH] = epoch[ticket]!
    doubles[(at + OFFSET) >> 1] = offset[ticket]!
    doubles[(at + TIMESTAMP) >> 1] = timestamps[index]!
    words[at + TICKET] = ticket
    words[at + SEQUENCE] = sequence[ticket]!
    words[at + KEY_HASH] = keyHash[ticket]!
    words[at + ATTEMPT] = attempt[ticket]!
    words[at + KEY_LENGTH] = keyLengths[index]!
    words[at + VALUE_LENGTH] = valueLengths[index]!
    words[at + HEADERS_LENGTH] = headersLengths[index]!
    words[at + POSITION] = position
    position += size
    runEnd += size
  }
  if (batch !== undefined) copyRun(batch, runFrom, runEnd, words, bytes, runTo)
  return buffer
}

function copyRun(batch: PackedBatch, from: number, end: number, words: Int32Array, bytes: Uint8Array, to: number) {
  if (end - from > WORD_COPY_BYTES) {
    bytes.set(batch.bytes.subarray(from, end), to)
    return
  }
  const source = batch.words
  let at = to >> 2
  for (let word = from >> 2; word < end >> 2; word++) words[at++] = source[word]!
}

/** A frame as its thread reads it. Record `i` is a number; nothing is made per record until a handler asks. */
export class Frame {
  readonly count: number
  /** Acks that the thread may keep back. */
  readonly flushAcks: number
  /** The whole frame, which records are copied out of. */
  readonly buffer: ArrayBuffer
  /** Of its records, as `packValues` packed them; undefined where none has any. */
  readonly #values: ArrayBuffer | undefined
  readonly #words: Int32Array
  readonly #doubles: Float64Array

  constructor(buffer: ArrayBuffer, values?: ArrayBuffer) {
    this.#values = values
    this.#words = new Int32Array(buffer)
    this.#doubles = new Float64Array(buffer)
    this.buffer = buffer
    this.count = this.#words[0]!
    this.flushAcks = this.#words[1]!
  }

  /** Record `i` alone: one that stays for long must not keep the bytes of the others. */
  alone(i: number, attempt = this.attempt(i)): Frame {
    if (this.count === 1) {
      this.#words[HEADER_WORDS + ATTEMPT] = attempt
      return this
    }
    const start = (HEADER_WORDS + RECORD_WORDS) * 4
    const size = Math.max(0, this.keyLength(i)) + Math.max(0, this.valueLength(i)) + this.headersLength(i)
    const buffer = Buffer.allocUnsafeSlow((start + size + 7) & ~7).buffer as ArrayBuffer
    const words = new Int32Array(buffer)
    const from = HEADER_WORDS + i * RECORD_WORDS
    words.set(this.#words.subarray(from, from + RECORD_WORDS), HEADER_WORDS)
    words[0] = 1
    words[1] = this.flushAcks
    words[HEADER_WORDS + POSITION] = start
    words[HEADER_WORDS + ATTEMPT] = attempt
    new Uint8Array(buffer).set(new Uint8Array(this.buffer, this.position(i), size), start)
    const values = this.valuesOf(i)
    return new Frame(buffer, values === undefined ? undefined : packValues([values]))
  }

  /** What `postRead` gave the record; undefined where it gave nothing. */
  valuesOf(i: number): Uint8Array | undefined {
    return this.#values === undefined ? undefined : valuesAt(this.#values, i)
  }

  slot(i: number): number {
    return this.#words[HEADER_WORDS + i * RECORD_WORDS + SLOT]!
  }
  epoch(i: number): number {
    return this.#words[HEADER_WORDS + i * RECORD_WORDS + EPOCH]!
  }
  offset(i: number): number {
    return this.#doubles[(HEADER_WORDS + i * RECORD_WORDS + OFFSET) >> 1]!
  }
  timestamp(i: number): number {
    return this.#doubles[(HEADER_WORDS + i * RECORD_WORDS + TIMESTAMP) >> 1]!
  }
  ticket(i: number): number {
    return this.#words[HEADER_WORDS + i * RECORD_WORDS + TICKET]!
  }
  sequence(i: number): number {
    return this.#words[HEADER_WORDS + i * RECORD_WORDS + SEQUENCE]!
  }
  keyHash(i: number): number {
    return this.#words[HEADER_WORDS + i * RECORD_WORDS + KEY_HASH]!
  }
  attempt(i: number): number {
    return this.#words[HEADER_WORDS + i * RECORD_WORDS + ATTEMPT]!
  }
  /** -1 for a null key. */
  keyLength(i: number): number {
    return this.#words[HEADER_WORDS + i * RECORD_WORDS + KEY_LENGTH]!
  }
  /** -1 for a tombstone. */
  valueLength(i: number): number {
    return this.#words[HEADER_WORDS + i * RECORD_WORDS + VALUE_LENGTH]!
  }
  headersLength(i: number): number {
    return this.#words[HEADER_WORDS + i * RECORD_WORDS + HEADERS_LENGTH]!
  }
  /** Where the record's bytes begin: key, value, headers. */
  position(i: number): number {
    return this.#words[HEADER_WORDS + i * RECORD_WORDS + POSITION]!
  }
}

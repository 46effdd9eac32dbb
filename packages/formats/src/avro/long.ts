/**
 * The two kinds of long: a number that is right or an error, and a bigint.
 */
import avsc from 'avsc'
import type { Tap } from './avsc-internals.js'

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n
/** A long of 64 bits in groups of 7. */
const MAX_BYTES = 10
/** avsc computes with twice the number, which is exact up to here. */
const EXACT = 2 ** 52 - 2

interface LongInternals {
  _read(tap: Tap): number
  _write(tap: Tap, value: number): void
}

const base = avsc.types.LongType.prototype as unknown as LongInternals

/**
 * A long as a number: exact to 2^53, beyond that an error.
 *
 * avsc's own says the same of itself, but doubles a number to fold its sign in, and so reads and writes those from
 * -2^53 to -2^52 as others, without a word: -2^52 - 1 comes back positive.
 */
export class NumberLong extends avsc.types.LongType {
  _read(tap: Tap): number {
    const start = tap.pos
    const value = tap.readLong()
    return value > -EXACT && value < EXACT ? value : readExactly(tap, start)
  }

  _write(tap: Tap, value: number): void {
    if (Number.isSafeInteger(value) && (value >= EXACT || value <= -EXACT)) tap.writeFixed(varint(BigInt(value)))
    else base._write.call(this, tap, value)
  }

  // As avsc's, but up to 2^53 - 1.
  _check(value: unknown, _flags: unknown, hook?: (value: unknown, type: avsc.Type) => void): boolean {
    if (Number.isSafeInteger(value)) return true
    hook?.(value, this)
    return false
  }
}

/** All 64 bits, as a bigint. */
export const bigintLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(0),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  // Defaults in schemas are JSON numbers.
  fromJSON: (value: number | bigint | string) => BigInt(value),
  toJSON: (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()),
  isValid: (value: unknown) => typeof value === 'bigint' && value >= MIN && value <= MAX,
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
})

function readExactly(tap: Tap, start: number): number {
  const bytes = tap.buf.subarray(start, tap.pos)
  if (bytes.length > MAX_BYTES) throw new Error(`a long takes ${bytes.length} bytes, of ${MAX_BYTES} at most`)
  let folded = 0n
  for (let i = bytes.length - 1; i >= 0; i--) folded = (folded << 7n) | BigInt((bytes[i] as number) & 0x7f)
  const value = Number(folded & 1n ? -((folded + 1n) >> 1n) : folded >> 1n)
  if (Number.isSafeInteger(value)) return value
  throw new Error("it has a long beyond 2^53, for which there is the option long: 'bigint'")
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value < 0n ? -value * 2n - 1n : value * 2n
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

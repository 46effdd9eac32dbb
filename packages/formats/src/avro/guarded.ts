/**
 * Arrays and maps of avsc that believe no count.
 *
 * avsc reads past the end of the bytes without a word (it looks only when the value is finished), and trusts the counts of
 * blocks: eight bytes can ask for 2^53 items, and a block to be skipped can have a negative size, which goes back and
 * never ends. Here a count may not exceed the bytes that are left, for each item takes one at least. Items that take none
 * (null, a record without fields) are counted over the whole value instead.
 */
import avsc from 'avsc'
import type { Reads, Tap } from './avsc-internals.js'

/** Items without bytes in one value: a million nulls take 8 MB. */
const MAX_EMPTY_ITEMS = 1_000_000

/** What a tap of this file has beside avsc's. */
interface CountingTap extends Tap {
  emptyItems?: number
}

interface ArrayLike {
  readonly itemsType: Reads
}

interface MapLike {
  readonly valuesType: Reads
}

/** avsc gives a resolver the `_read` of its reader type, so that `this` is a type or a resolver: both have itemsType. */
class GuardedArray extends avsc.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const { itemsType } = this as unknown as ArrayLike
    let items: unknown[] | undefined
    let i = 0
    for (let left = readCount(tap); left !== 0; left = readCount(tap)) {
      const start = tap.pos
      const first = itemsType._read(tap)
      checkCount(tap, left, start)
      // With its length at once, which is a tenth faster; of small arrays, or of as many bytes at most.
      items ??= new Array(left)
      items[i++] = first
      while (--left) items[i++] = itemsType._read(tap)
    }
    return items ?? []
  }

  _skip(tap: Tap): void {
    const { itemsType } = this as unknown as ArrayLike
    skipBlocks(tap, () => itemsType._skip(tap))
  }
}

class GuardedMap extends avsc.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const { valuesType } = this as unknown as MapLike
    const map: Record<string, unknown> = {}
    for (let left = readCount(tap); left !== 0; left = readCount(tap)) {
      if (!(left <= tap.buf.length - tap.pos)) throw tooMany(left)
      while (left--) {
        const key = tap.readString()
        // Assigned, it would change what the map inherits.
        if (key === '__proto__') define(map, key, valuesType._read(tap))
        else map[key] = valuesType._read(tap)
      }
    }
    return map
  }

  _skip(tap: Tap): void {
    const { valuesType } = this as unknown as MapLike
    skipBlocks(tap, () => {
      tap.skipString()
      valuesType._skip(tap)
    })
  }
}

/** For avsc's `typeHook`: undefined for all that needs no guard. */
export function guardedType(schema: unknown, options: unknown): avsc.Type | undefined {
  const { type } = (schema ?? {}) as { type?: unknown }
  if (type === 'array') return new GuardedArray(schema as avsc.Schema, options)
  if (type === 'map') return new GuardedMap(schema as avsc.Schema, options)
  return undefined
}

function readCount(tap: Tap): number {
  const count = tap.readLong()
  if (count >= 0) return count
  // A negative count is followed by the size of the block in bytes.
  tap.skipLong()
  return -count
}

/** After the first of `count` items, which began at `start`. Written so that NaN and Infinity are too many. */
function checkCount(tap: CountingTap, count: number, start: number): void {
  if (tap.pos !== start) {
    if (!(count - 1 <= tap.buf.length - tap.pos)) throw tooMany(count)
    return
  }
  tap.emptyItems = (tap.emptyItems ?? 0) + count
  if (!(tap.emptyItems <= MAX_EMPTY_ITEMS)) throw tooMany(count)
}

function skipBlocks(tap: Tap, skipItem: () => void): void {
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    if (count < 0) {
      const size = tap.readLong()
      if (!(size >= 0 && size <= tap.buf.length - tap.pos)) throw new Error(`a block of ${size} bytes is not there`)
      tap.pos += size
      continue
    }
    const start = tap.pos
    skipItem()
    checkCount(tap, count, start)
    while (--count) skipItem()
  }
}

function tooMany(count: number): Error {
  return new Error(`${count} items are announced, for which there are not enough bytes`)
}

function define(map: object, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true })
}

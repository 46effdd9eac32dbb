/** Headers of a record, as users see them and as blocks and frames have them. */
import { isUtf8 } from 'node:buffer'
import type { Headers } from './processor-types.js'

/** As `util.inspect` calls it. */
type Inspect = (value: unknown, options: object) => string

/** Headers in the producer's order. */
export class HeaderList implements Headers {
  readonly #entries: readonly [name: string, value: Buffer | null][]

  constructor(entries: readonly [name: string, value: Buffer | null][]) {
    this.#entries = entries
  }

  get(name: string): Buffer | null | undefined {
    return this.#entries.findLast(([n]) => n === name)?.[1]
  }

  getAll(name: string): (Buffer | null)[] {
    return this.#entries.filter(([n]) => n === name).map(([, value]) => value)
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: Buffer | null]> {
    return this.#entries.values()
  }

  /** Pairs, of which values that are text are told as text; of others a Buffer tells its own JSON. */
  toJSON(): [name: string, value: string | Buffer | null][] {
    return this.#entries.map(([name, value]) => [name, readable(value)])
  }

  /** For `console.log`, which would see an object without fields. */
  [Symbol.for('nodejs.util.inspect.custom')](depth: number, options: object, inspect: Inspect): string {
    return depth < 0 ? '[Headers]' : `Headers(${this.#entries.length}) ${inspect(this.toJSON(), options)}`
  }
}

function readable(value: Buffer | null): string | Buffer | null {
  return value !== null && isUtf8(value) ? value.toString() : value
}

export const NO_HEADERS = new HeaderList([])

/** Of the bytes that follow key and value in a block or frame, and copies of them. */
export function decodeHeaders(bytes: Buffer): [string, Buffer | null][] {
  const entries: [string, Buffer | null][] = []
  let at = 4
  for (let left = bytes.readUInt32LE(0); left > 0; left--) {
    const nameLength = bytes.readUInt32LE(at)
    const name = bytes.toString('utf8', at + 4, at + 4 + nameLength)
    at += 4 + nameLength
    const length = bytes.readInt32LE(at)
    at += 4
    entries.push([name, length < 0 ? null : Buffer.from(bytes.subarray(at, at + length))])
    at += Math.max(0, length)
  }
  return entries
}

/**
 * What avsc's types call inside: not documented, the same in all of 5.x, and held by the tests of those who use it here.
 */
export interface Tap {
  readonly buf: Buffer
  pos: number
  readLong(): number
  skipLong(): void
  readString(): string
  skipString(): void
  writeFixed(bytes: Buffer): void
}

export interface Reads {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

/**
 * The commit tracker of one partition in one epoch.
 *
 * Records finish in any order; Kafka can only be told one number. The tracker keeps the records that were read, in
 * offset order, in a ring, and answers with the offset that is safe to store. Offsets that were never seen (compacted
 * away, transaction markers) do not exist for it, so they cannot hold the watermark back. Records open in offset order,
 * so open and finish are O(1) amortised, where a heap would pay a logarithm and a removal from its middle.
 */

/** A record's place in the ring: a 32-bit counter that wraps, so that it fits a typed array. */
export type TrackerPosition = number

const FIRST_CAPACITY = 1024

export class OffsetTracker {
  /** Offset of each record between head and tail, in reading order. */
  #offsets = new Float64Array(FIRST_CAPACITY)
  /** 1 where the record at the same place is finished. */
  #finished = new Uint8Array(FIRST_CAPACITY)
  #mask = FIRST_CAPACITY - 1
  /** Ring positions, wrapping at 32 bits: everything before head is finished, tail is where the next record opens. */
  #head: number
  #tail: number
  #completed = 0
  #highestFinished = -1
  /** One past the last record opened, or the partition's end where that lies further: what is safe when nothing is open. */
  #next: number | undefined

  /** @param first where positions begin; tests begin just before they wrap */
  constructor(first: TrackerPosition = 0) {
    this.#head = first
    this.#tail = first
  }

  /** Whether an offset lies below what was read already: the partition was rewound and needs a new epoch. */
  precedes(offset: number): boolean {
    return this.#next !== undefined && offset < this.#next
  }

  /**
   * Opens a record.
   * @returns its position, to be given to `finish`
   * @throws RangeError when the offset `precedes` what was read
   */
  open(offset: number): TrackerPosition {
    if (this.precedes(offset)) {
      throw new RangeError(`offset ${offset} was opened after offset ${this.#next! - 1}`)
    }
    if (((this.#tail - this.#head) | 0) > this.#mask) this.#grow()
    const position = this.#tail
    const at = position & this.#mask
    this.#offsets[at] = offset
    this.#finished[at] = 0
    this.#tail = (position + 1) | 0
    this.#next = offset + 1
    return position
  }

  /**
   * Marks a record finished. Idempotent: a late duplicate ack of the same record changes nothing.
   * @returns whether the watermark moved
   */
  finish(position: TrackerPosition): boolean {
    const ahead = (position - this.#head) | 0
    if (ahead < 0 || ahead >= this.span) return false
    const at = position & this.#mask
    if (this.#finished[at] === 1) return false
    this.#finished[at] = 1
    const offset = this.#offsets[at]!
    if (offset > this.#highestFinished) this.#highestFinished = offset
    if (ahead > 0) return false
    this.#advance()
    return true
  }

  /** Whether the record at this position, which `open` gave out, is finished. */
  isFinished(position: TrackerPosition): boolean {
    const ahead = (position - this.#head) | 0
    return ahead < 0 || this.#finished[position & this.#mask] === 1
  }

  /** The partition's end was reached at `offset`: whatever lies below it and was never seen holds no record for us. */
  reachedEnd(offset: number): void {
    if (this.#next === undefined || offset > this.#next) this.#next = offset
  }

  /** The lowest offset that is not finished: what may be stored. Undefined while nothing was read. */
  get watermark(): number | undefined {
    return this.#head === this.#tail ? this.#next : this.#offsets[this.#head & this.#mask]
  }

  /** Records between the watermark and the last one read, finished or not: what a crash may repeat at most. */
  get span(): number {
    return (this.#tail - this.#head) | 0
  }

  /** Records that lie below the watermark: what a commit of it covers. */
  get completed(): number {
    return this.#completed
  }

  /** The highest finished offset, -1 when none is. */
  get highestFinished(): number {
    return this.#highestFinished
  }

  #advance(): void {
    const start = this.#head
    let head = start
    do head = (head + 1) | 0
    while (head !== this.#tail && this.#finished[head & this.#mask] === 1)
    this.#head = head
    this.#completed += (head - start) | 0
  }

  #grow(): void {
    const size = this.#mask + 1
    const offsets = new Float64Array(size * 2)
    const finished = new Uint8Array(size * 2)
    const mask = size * 2 - 1
    for (let i = 0; i < size; i++) {
      const position = (this.#head + i) | 0
      offsets[position & mask] = this.#offsets[position & this.#mask]!
      finished[position & mask] = this.#finished[position & this.#mask]!
    }
    this.#offsets = offsets
    this.#finished = finished
    this.#mask = mask
  }
}

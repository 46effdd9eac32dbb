/**
 * The commit tracker of one partition in one epoch.
 *
 * Records finish in any order; Kafka can only be told one number. The tracker keeps the records that were read, in
 * offset order, in a ring, and answers with the offset that is safe to store. Offsets that were never seen (compacted
 * away, transaction markers) do not exist for it, so they cannot hold the watermark back. Records open in offset order,
 * so open and finish are O(1) amortised, where a heap would pay a logarithm and a removal from its middle.
 */

/** What the ring says of a record. Those finished by an earlier owner of the partition are none of our completions. */
const State = { open: 0, finished: 1, finishedBefore: 2 } as const

/** A record's place in the ring: a 32-bit counter that wraps, so that it fits a typed array. */
export type TrackerPosition = number

/** So small that V8 keeps it on its heap: an assignment costs nothing until much is open. */
const FIRST_CAPACITY = 8

export class OffsetTracker {
  /** Offset of each record between head and tail, in reading order. */
  #offsets = new Float64Array(FIRST_CAPACITY)
  /** The state of the record at the same place. */
  #states = new Uint8Array(FIRST_CAPACITY)
  #mask = FIRST_CAPACITY - 1
  /** Ring positions, wrapping at 32 bits: everything before head is finished, tail is where the next record opens. */
  #head: number
  #tail: number
  #completed = 0
  #finishes = 0
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
    this.#states[at] = State.open
    this.#tail = (position + 1) | 0
    this.#next = offset + 1
    return position
  }

  /** Opens a record that an earlier owner has finished: nobody runs it again. @throws RangeError as `open` */
  openFinished(offset: number): void {
    const position = this.open(offset)
    this.#states[position & this.#mask] = State.finishedBefore
    this.#finishes++
    if (position === this.#head) this.#advance()
  }

  /**
   * Marks a record finished. Idempotent: a late duplicate ack of the same record changes nothing.
   * @returns whether the watermark moved
   */
  finish(position: TrackerPosition): boolean {
    const ahead = (position - this.#head) | 0
    if (ahead < 0 || ahead >= this.span) return false
    const at = position & this.#mask
    if (this.#states[at] !== State.open) return false
    this.#states[at] = State.finished
    this.#finishes++
    const offset = this.#offsets[at]!
    if (offset > this.#highestFinished) this.#highestFinished = offset
    if (ahead > 0) return false
    this.#advance()
    return true
  }

  /** Whether the record at this position, which `open` gave out, is finished. */
  isFinished(position: TrackerPosition): boolean {
    const ahead = (position - this.#head) | 0
    return ahead < 0 || this.#states[position & this.#mask] !== State.open
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

  /** Records that were finished, by whomever and wherever they lie: it changes with everything that a commit has to tell. */
  get finishes(): number {
    return this.#finishes
  }

  /**
   * What is finished above the watermark, as flat ranges (see `FinishedRanges`). Offsets that were never seen belong to
   * the range around them: they hold no record for us.
   */
  finishedAbove(): number[] {
    const ranges: number[] = []
    let isOpen = true
    for (let position = this.#head; position !== this.#tail; position = (position + 1) | 0) {
      const at = position & this.#mask
      if ((this.#states[at] === State.open) === isOpen) continue
      isOpen = !isOpen
      ranges.push(this.#offsets[at]!)
    }
    if (!isOpen) ranges.push(this.#offsets[(this.#tail - 1) & this.#mask]! + 1)
    return ranges
  }

  /** One past the last record read, or the partition's end: where reading goes on. */
  get next(): number | undefined {
    return this.#next
  }

  /** Records of ours that lie below the watermark: what a commit of it covers. */
  get completed(): number {
    return this.#completed
  }

  /** The highest offset that we finished, -1 when none is. */
  get highestFinished(): number {
    return this.#highestFinished
  }

  #advance(): void {
    let head = this.#head
    do {
      if (this.#states[head & this.#mask] === State.finished) this.#completed++
      head = (head + 1) | 0
    } while (head !== this.#tail && this.#states[head & this.#mask] !== State.open)
    this.#head = head
  }

  #grow(): void {
    const size = this.#mask + 1
    const offsets = new Float64Array(size * 2)
    const states = new Uint8Array(size * 2)
    const mask = size * 2 - 1
    for (let i = 0; i < size; i++) {
      const position = (this.#head + i) | 0
      offsets[position & mask] = this.#offsets[position & this.#mask]!
      states[position & mask] = this.#states[position & this.#mask]!
    }
    this.#offsets = offsets
    this.#states = states
    this.#mask = mask
  }
}

/**
 * One partition in the hands of one process from its assignment, or the last time that reading of it began again, to its
 * end: what the engine calls an epoch, but counted by the model, over all processes.
 */

/** How a tenure ended. Only after `inOrder` must nothing of it be repeated. */
export type End = 'inOrder' | 'late' | 'uncommitted' | 'lost' | 'crashed' | 'rewound' | 'restarted'
/** Why records of a tenure may be repeated. */
export type Excuse = Exclude<End, 'inOrder'> | 'zombie' | 'reset'

export class Tenure {
  /** Records in reading order. */
  readonly opened: number[] = []
  /** How many of `opened` are known to lie below the last store. */
  settled = 0
  /** How many of `opened` are known to lie below the oldest one that has not ended. */
  oldest = 0
  /** The offset that was stored last. */
  stored = -1
  /** Handlers that run. */
  running = 0
  /** Deliveries of it that lie in threads and have not ended. */
  inThreads = 0
  end: End | undefined
  excuse: Excuse | undefined
  /** The partition was reset since: whatever was finished may be wanted again. */
  mayRepeat = false
  /** It is about to go, and nothing of it is tried again. */
  isCut = false
  /** Its partition was halted: nothing more may start. */
  halted = false
  /** By key: the latest record that was ever started; and those that were, and have not come to an end, in order. */
  readonly lastStart: number[] = []
  readonly open: number[][] = []
  /** Records that must run again before they may be finished, because an earlier one of their key will. */
  readonly mustReturn = new Set<number>()
  /** It began while nothing lay in its process's threads, so that its share of the window was kept from the start. */
  beganEmpty = true
  readonly id: number
  readonly member: number
  readonly partition: number
  /** Where reading began; and the offset that was committed then. */
  from: number
  readonly committed: number
  /** What the commit that it began with says is finished above `from`. */
  inherited: readonly number[]
  /** Records that ended in it, as bits. */
  readonly #ended: number[] = []
  /** By record: attempts that failed, or in which it brought its thread down. */
  readonly #charges = new Map<number, number>()
  /** Records whose failure is final, and the `FailureFlag`s of it: they are not run again, and their keys go on. */
  readonly #failures = new Map<number, number>()
  /** By record: the number of its last start. */
  readonly startOf = new Map<number, number>()
  /** By record: deaths of processes in which it ran, as far as was known when it was read. */
  readonly marks = new Map<number, number>()
  /** Records that were shown as running and found their circuit open, since they were sent. */
  readonly heldBack = new Set<number>()
  /** By record: not to be started before, on the clock on the wall. */
  readonly due = new Map<number, number>()

  constructor(id: number, member: number, partition: number, from: number, inherited: readonly number[]) {
    this.id = id
    this.member = member
    this.partition = partition
    this.from = from
    this.committed = from
    this.inherited = inherited
  }

  /** The first record or end that is read: below the commit these are other records, or somebody wants them again. */
  readsFrom(offset: number): void {
    if (this.opened.length === 0 && offset < this.committed) this.inherited = []
  }

  markEnded(record: number): void {
    const word = record >> 5
    while (this.#ended.length <= word) this.#ended.push(0)
    this.#ended[word]! |= 1 << (record & 31)
  }

  hasEnded(record: number): boolean {
    return ((this.#ended[record >> 5] ?? 0) & (1 << (record & 31))) !== 0
  }

  charge(record: number): void {
    this.#charges.set(record, this.chargesOf(record) + 1)
  }

  chargesOf(record: number): number {
    return this.#charges.get(record) ?? 0
  }

  markFailed(record: number, flags: number): void {
    this.#failures.set(record, flags)
  }

  hasFailed(record: number): boolean {
    return this.#failures.has(record)
  }

  flagsOf(record: number): number {
    return this.#failures.get(record) ?? 0
  }
}

/** Whether flat ranges `[from, to, …]` contain an offset. */
export function contains(ranges: readonly number[], offset: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) if (offset >= ranges[i]! && offset < ranges[i + 1]!) return true
  return false
}

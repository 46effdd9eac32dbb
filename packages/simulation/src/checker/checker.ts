/**
 * Judges a schedule while it runs, by what threads really did, what engines handed over and what the broker took: never by
 * what an engine says of itself. This folder imports nothing of the engine.
 */
import { Commits } from './commits.js'
import type { ModelLimits, ModelLog, ModelRecords } from './model-log.js'
import { Order } from './order.js'
import { contains, type End, type Excuse, Tenure } from './tenure.js'
import { Violation } from './violation.js'

/** What of a process is left when it has nothing to do. */
export interface Leftovers {
  readonly messages: number
  readonly bytes: number
  readonly rows: number
  readonly load: number
}

export class Checker {
  /** Records that were started again after they had ended, by the cause that allowed it. */
  readonly repeats = new Map<Excuse, number>()
  readonly #records: ModelRecords
  readonly #logs: readonly ModelLog[]
  readonly #limits: ModelLimits
  readonly #order: Order
  readonly #commits: Commits
  readonly #tenures: Tenure[] = []
  /** By record: the latest tenure in which it ended well, -1 for none; and whether it did at all. */
  readonly #endedIn: number[] = []
  readonly #done: number[] = []
  /** By process: deliveries, and their bytes, that lie in its threads and have not ended. */
  readonly #inThreads: number[] = []
  readonly #bytesInThreads: number[] = []

  constructor(records: ModelRecords, logs: readonly ModelLog[], limits: ModelLimits) {
    this.#records = records
    this.#logs = logs
    this.#limits = limits
    this.#order = new Order(records, limits)
    this.#commits = new Commits(records, logs, this.#done)
  }

  /** Tenures so far; their numbers are below this. */
  get tenures(): number {
    return this.#tenures.length
  }

  // ── tenures ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A process takes a partition.
   * @param isMember the group still takes it for a member; it may not know
   * @returns the number of the tenure
   */
  began(member: number, partition: number, from: number, inherited: readonly number[], isMember: boolean): number {
    const id = this.#tenures.length
    const next = new Tenure(id, member, partition, from, inherited)
    if (!isMember) next.excuse = 'zombie'
    next.beganEmpty = (this.#inThreads[member] ?? 0) === 0
    for (const tenure of this.#tenures) {
      if (!isMember || tenure.partition !== partition || tenure.end !== undefined || tenure.excuse !== undefined)
        continue
      throw new Violation('I5', `partition ${partition} is given to ${member} while ${tenure.member} has it`)
    }
    this.#tenures.push(next)
    return id
  }

  /** Reading of a tenure that has not brought anything begins elsewhere: its position was out of range. */
  beganElsewhere(id: number, from: number): void {
    const tenure = this.#tenures[id]!
    if (from < tenure.from) this.reset(tenure.partition, from)
    tenure.from = from
  }

  /** Reading goes on at a lower offset: what was read is void. @returns the number of the new tenure */
  beganAgain(id: number, from: number): number {
    const before = this.#tenures[id]!
    before.end = 'rewound'
    this.reset(before.partition, from)
    const next = new Tenure(this.#tenures.length, before.member, before.partition, from, [])
    // A process that the group has given up has not got the partition back by that.
    next.excuse = before.excuse
    this.#tenures.push(next)
    before.excuse ??= 'rewound'
    return next.id
  }

  /** The process has it no more. */
  over(id: number, how: End): void {
    const tenure = this.#tenures[id]!
    if (tenure.end !== undefined) return
    // Time was up for it in the middle of a drain: what had not started is left out, whatever had finished above.
    const end = how === 'inOrder' && tenure.halted ? 'late' : how
    if (end === 'inOrder' && tenure.excuse === undefined) this.#commits.leftInOrder(tenure)
    tenure.end = end
    if (end !== 'inOrder') tenure.excuse ??= end
  }

  /** A drain of it was told to be complete: no handler of it may run. */
  drained(id: number): void {
    const { running, partition } = this.#tenures[id]!
    if (running > 0) throw new Violation('I4', `${partition} is told to be drained while ${running} handlers run`)
  }

  /** The group has given the process up, which may not know it yet. */
  givenUp(member: number): void {
    for (const tenure of this.#tenures) {
      if (tenure.member === member && tenure.end === undefined) tenure.excuse ??= 'zombie'
    }
  }

  halted(id: number): void {
    this.#tenures[id]!.halted = true
  }

  /** From this offset on the partition's records are others, or somebody wants them again. */
  reset(partition: number, offset: number): void {
    for (const tenure of this.#tenures) if (tenure.partition === partition) tenure.mayRepeat = true
    this.#order.reset(partition)
    this.#commits.reset(partition, offset)
  }

  // ── records ────────────────────────────────────────────────────────────────────────────────────────────────────

  opened(id: number, record: number): void {
    const tenure = this.#tenures[id]!
    // Reading began below the commit: these are other records, or somebody wants them again.
    if (tenure.opened.length === 0 && this.#records.offset[record]! < tenure.committed) tenure.inherited = []
    tenure.opened.push(record)
  }

  /** A delivery has reached a thread. */
  inThread(id: number, record: number): void {
    const tenure = this.#tenures[id]!
    const { member } = tenure
    tenure.inThreads++
    const messages = (this.#inThreads[member] ?? 0) + 1
    const bytes = (this.#bytesInThreads[member] ?? 0) + this.#records.size[record]!
    this.#inThreads[member] = messages
    this.#bytesInThreads[member] = bytes
    const { maxMessages, maxBytes } = this.#limits.window
    if (messages > maxMessages) throw new Violation('I7', `${messages} messages in a window of ${maxMessages}`)
    if (bytes > maxBytes && messages > 1) throw new Violation('I7', `${bytes} bytes in a window of ${maxBytes}`)
  }

  /** A thread has let go of a delivery, ended or not. */
  outOfThread(id: number, record: number): void {
    const tenure = this.#tenures[id]!
    const { member } = tenure
    tenure.inThreads--
    this.#inThreads[member]!--
    this.#bytesInThreads[member]! -= this.#records.size[record]!
  }

  started(id: number, record: number): void {
    const tenure = this.#tenures[id]!
    const { partition } = tenure
    const offset = this.#records.offset[record]!
    if (tenure.end !== undefined) {
      throw new Violation('I5', `${partition}/${offset} starts, of an assignment that is over`)
    }
    if (tenure.halted) throw new Violation('I5', `${partition}/${offset} starts after its partition was halted`)
    if (tenure.hasEnded(record)) throw new Violation('I4', `${partition}/${offset} starts again after it ended`)
    if (contains(tenure.inherited, offset)) {
      throw new Violation('I4', `${partition}/${offset} starts, which a commit says is finished`)
    }
    const before = this.#endedIn[record] ?? -1
    if (before >= 0) this.#repeated(tenure, this.#tenures[before]!, offset)
    this.#order.started(tenure, record)
    tenure.running++
  }

  /** The handler ended well, and the thread's board says so. */
  ended(id: number, record: number): void {
    this.stopped(id, record)
    this.#done[record] = 1
    this.#tenures[id]!.markEnded(record)
    if (id > (this.#endedIn[record] ?? -1)) this.#endedIn[record] = id
  }

  /** The handler runs no more: it gave up, or its thread is dead. */
  stopped(id: number, record: number): void {
    const tenure = this.#tenures[id]!
    tenure.running--
    this.#order.stopped(tenure, record)
  }

  // ── commits ────────────────────────────────────────────────────────────────────────────────────────────────────

  stored(id: number | undefined, partition: number, offset: number, finished: readonly number[]): void {
    if (id === undefined) throw new Violation('I5', `${partition}/${offset} is stored, which is not ours`)
    this.#commits.stored(this.#tenures[id]!, offset, finished)
  }

  taken(id: number, offset: number, finished: readonly number[]): void {
    this.#commits.taken(this.#tenures[id]!, offset, finished)
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** I1: all is committed, and nothing was skipped. */
  complete(): void {
    this.#commits.complete()
  }

  /** I6: no handler ends any more; what a partition has left must not wait for room that others fill. */
  served(id: number): void {
    const tenure = this.#tenures[id]!
    // What is over and still lies in threads that are stuck has its places in the window until they hand it back.
    const isOld = (other: Tenure) => other.end !== undefined && other.member === tenure.member && other.inThreads > 0
    if (!tenure.beganEmpty || tenure.inThreads > 0 || this.#tenures.some(isOld)) return
    const { ids } = this.#logs[tenure.partition]!
    const offsets = this.#records.offset
    const isLeft = (record: number) =>
      offsets[record]! >= tenure.from && !tenure.hasEnded(record) && !contains(tenure.inherited, offsets[record]!)
    const left = ids.find(isLeft)
    if (left === undefined) return
    throw new Violation('I6', `${tenure.partition}/${offsets[left]} waits, and nothing of its partition is in a thread`)
  }

  /** I6: nothing has happened for so long, although no fault did. */
  stalled(what: string): never {
    throw new Violation('I6', what)
  }

  /** I8: a process has nothing to do. */
  idle(member: number, { messages, bytes, rows, load }: Leftovers): void {
    if (messages === 0 && bytes === 0 && rows === 0 && load === 0) return
    throw new Violation(
      'I8',
      `process ${member} keeps ${messages} messages, ${bytes} bytes, ${rows} rows, load ${load}`,
    )
  }

  #repeated(tenure: Tenure, before: Tenure, offset: number): void {
    const excuse = before.mayRepeat ? 'reset' : (before.excuse ?? tenure.excuse)
    if (excuse === undefined) {
      const how = before.end === undefined ? 'by somebody who still has the partition' : 'and left in order'
      throw new Violation('I4', `${tenure.partition}/${offset} starts again: it ended in tenure ${before.id}, ${how}`)
    }
    // A commit that this owner began with covers it: only a reset explains that.
    if (offset < tenure.from && excuse !== 'reset') {
      throw new Violation('I4', `${tenure.partition}/${offset} starts again below ${tenure.from}`)
    }
    this.repeats.set(excuse, (this.repeats.get(excuse) ?? 0) + 1)
  }
}

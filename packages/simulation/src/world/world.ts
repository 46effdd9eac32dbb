/** Kafka and the processes of one group, all of it in one thread and under one scheduler. */
import { Checker } from '../checker/checker.js'
import { type Journal, K } from '../journal.js'
import type { Happening, Races } from '../races.js'
import { Random } from '../random.js'
import type { Shape } from '../shape.js'
import { audit } from './audit.js'
import { Group } from './group.js'
import { Member } from './member.js'
import { PartitionLog } from './partition-log.js'
import { Records } from './records.js'
import { underWay } from './under-way.js'

/** What the clock on the wall says at the beginning. */
const BEGAN = 1_000_000

export class World {
  readonly shape: Shape
  readonly journal: Journal
  readonly races: Races
  readonly records = new Records()
  readonly logs: readonly PartitionLog[]
  readonly group: Group
  readonly checker: Checker
  /** Processes that run, and those that were killed and are still in the group. */
  readonly members: Member[] = []
  /** All chance within a decision comes from here: the scheduler sets it to the decision's own seed. */
  readonly choice = new Random(0)
  now = 0
  /** Decisions that were carried out. */
  decisions = 0
  /** Grows whenever records end or offsets are committed. */
  progress = 0
  /** No faults happen any more. */
  isCalm = false
  #spawned = 0
  #later: (() => void)[] = []

  constructor(shape: Shape, journal: Journal, races: Races) {
    this.shape = shape
    this.journal = journal
    this.races = races
    this.logs = Array.from({ length: shape.partitions }, (_, index) => new PartitionLog(index, this.records, shape))
    this.group = new Group(shape.partitions, shape.protocol)
    this.checker = new Checker(this.records, this.logs, shape)
  }

  /** The clock on the wall, in milliseconds; all processes have the same. */
  get wall(): number {
    return BEGAN + this.now
  }

  /**
   * No record fails any more: where a failure stops the work, and the next process fails at the same record, nothing would
   * ever be calm.
   */
  get isForgiving(): boolean {
    return this.isCalm && (this.shape.onExhausted === 'stop' || this.shape.flood !== undefined)
  }

  /** After the call into an engine that is under way: what is a promise in the runtime. */
  later(step: () => void): void {
    this.#later.push(step)
  }

  /** Carries out what was put off. */
  settle(): void {
    while (this.#later.length > 0) {
      const steps = this.#later
      this.#later = []
      for (const step of steps) step()
    }
  }

  met(member: Member, happening: Happening): void {
    this.races.met(happening, underWay(member))
  }

  produce(partition: number, count: number): void {
    const log = this.logs[partition]!
    log.append(Math.min(count, this.shape.records - this.records.count), this.choice, this.wall)
    this.journal.note(K.produced, -1, partition, log.end)
  }

  /** Somebody who is gone has committed, and has finished some of what lies above that. */
  takenBefore(log: PartitionLog): void {
    const { ids } = log
    if (ids.length === 0) return
    const { offset: offsets } = this.records
    const first = this.choice.below(ids.length)
    const finished: number[] = []
    for (const [i, record] of ids.entries()) {
      if (i === first || (i > first && this.choice.percent(40))) continue
      this.checker.finishedBefore(record)
      if (i < first) continue
      const offset = offsets[record]!
      if (finished.at(-1) === offset) finished[finished.length - 1] = offset + 1
      else finished.push(offset, offset + 1)
    }
    log.committed = { offset: offsets[ids[first]!]!, finished }
  }

  spawn(): void {
    const member = new Member(this.#spawned++, this)
    this.members.push(member)
    this.journal.note(K.spawned, member.id, member.threads.length)
  }

  /** The member says that it leaves, and is no more. */
  leaves(member: Member): void {
    this.members.splice(this.members.indexOf(member), 1)
    this.group.remove(member.id)
    this.journal.note(K.left, member.id, 1)
  }

  /** The process dies without a word, and its crash journal says what it ran. */
  crash(member: Member): void {
    if (member.isDead) return
    this.journal.note(K.killed, member.id)
    for (const { record } of member.kill()) this.records.processDeaths[record]!++
    // Without an entry in the group nobody will ever miss it.
    if (this.group.entryOf(member.id) === undefined) this.members.splice(this.members.indexOf(member), 1)
  }

  /** The group gives a member up: its session has timed out, or it did not join in time. */
  fence(member: Member): boolean {
    if (!this.group.remove(member.id)) return false
    this.journal.note(K.fenced, member.id, this.group.generation)
    this.checker.givenUp(member.id)
    if (member.isDead) this.members.splice(this.members.indexOf(member), 1)
    return true
  }

  audit(): void {
    for (const member of this.members) if (!member.isDead) audit(member)
  }

  /** Everything is processed and committed, and everybody has nothing to do. */
  get isQuiet(): boolean {
    if (this.group.phase !== 'stable' || this.members.length === 0) return false
    for (const log of this.logs) {
      if (!log.exists) continue
      const holding = this.members.find(({ id }) => id === this.group.owner[log.index])?.holdingOf(log.index)
      if (holding?.tenure === undefined || holding.position !== log.end) return false
      // What is committed above the end of a log that was cut short may stay so.
      if (log.committed === undefined || log.committed.offset < log.end) return false
    }
    for (const { runs, rebalances, ending, commits, deadLetters, threads } of this.members) {
      if (!runs || !rebalances.isIdle || ending.hasBegun || commits.isUnderWay || !deadLetters.isEmpty) return false
      for (const thread of threads) if (thread.state !== 'up' || !thread.isIdle) return false
    }
    return true
  }

  /**
   * No handler has ended for a long time: every partition that somebody has had since must have got its share of the window.
   * @param tenures how many there were when it began
   */
  allServed(tenures: number): void {
    if (this.group.phase !== 'stable') return
    for (const { runs, rebalances, ending, threads, holdings } of this.members) {
      if (!runs || !rebalances.isIdle || ending.hasBegun) continue
      // A place in the window is free when main hears of it, which a handler that keeps its thread may delay.
      if (threads.some(({ state, acks }) => state !== 'up' || !acks.isEmpty)) continue
      for (const { tenure, attached } of holdings) {
        if (tenure !== undefined && tenure < tenures && attached) this.checker.served(tenure)
      }
    }
  }

  /** When it is quiet: nothing may be left. A last drain finds nothing to do. */
  close(): void {
    this.audit()
    this.checker.complete()
    for (const member of this.members) {
      const slots = member.slots()
      let complete = false
      member.drains.begin(slots, 1_000, (how) => {
        complete = how
      })
      this.settle()
      if (!complete) this.checker.stalled(`process ${member.id}: an idle drain does not end at once`)
      for (const slot of slots) {
        // A log that was cut short looks committed although what it had before is not.
        const { isWhole } = this.logs[member.holdings[slot]!.partition]!
        member.endTenure(slot, isWhole ? 'inOrder' : 'uncommitted')
      }
      member.engine.gone(slots)
      const { inFlight, window } = member.engine
      let load = 0
      for (let thread = 0; thread < this.shape.threads; thread++) load += member.engine.load(thread)
      const rows = inFlight.capacity - inFlight.free
      this.checker.idle(member.id, { messages: window.messages, bytes: window.bytes, rows, load })
    }
  }
}

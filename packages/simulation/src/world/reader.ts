/** The reader of a process: pull, one read under way, records in order within a partition. */
import { K } from '../journal.js'
import type { Random } from '../random.js'
import type { Holding } from './holding.js'
import type { Member } from './member.js'

export interface Read {
  readonly ids: number[]
  readonly ends: readonly { readonly holding: Holding; readonly offset: number }[]
}

export class Reader {
  readonly #member: Member
  #wantedRecords = 0
  #wantedBytes = 0
  #ids: number[] = []
  #ends: { holding: Holding; offset: number }[] = []

  constructor(member: Member) {
    this.#member = member
  }

  get hasRead(): boolean {
    return this.#ids.length > 0 || this.#ends.length > 0
  }

  /** Records of a partition that were read and not taken: the lowest offset, if any. */
  lowestRead(partition: number): number | undefined {
    const { records } = this.#member.world
    let lowest: number | undefined
    for (const id of this.#ids) {
      if (records.partition[id] !== partition) continue
      if (lowest === undefined || records.offset[id]! < lowest) lowest = records.offset[id]!
    }
    return lowest
  }

  /** Stands until a read has brought something. */
  request(records: number, bytes: number): void {
    this.#wantedRecords = records
    this.#wantedBytes = bytes
  }

  take(): Read | undefined {
    if (!this.hasRead) return undefined
    const read = { ids: this.#ids, ends: this.#ends }
    this.#ids = []
    this.#ends = []
    return read
  }

  /** One read. @returns whether it brought anything */
  fetch(choice: Random): boolean {
    if (this.#wantedRecords === 0 || this.#ids.length > 0) return false
    const { holdings, world, id } = this.#member
    if (holdings.length === 0) return false
    const before = this.#ends.length
    const first = choice.below(holdings.length)
    // The portable reader may exceed a request by one read.
    const spare = choice.percent(15) ? choice.below(world.shape.spareRows + 1) : 0
    let [records, bytes] = [this.#wantedRecords + spare, this.#wantedBytes]
    for (let i = 0; i < holdings.length && records > 0; i++) {
      const holding = holdings[(first + i) % holdings.length]!
      if (!holding.attached || holding.paused) continue
      const limit = Math.min(records, choice.percent(30) ? 1 : choice.int(1, 12))
      const taken = this.#take(holding, limit, bytes)
      records -= taken.count
      bytes -= taken.bytes
    }
    if (this.#ids.length > 0) this.#wantedRecords = 0
    else if (this.#ends.length === before) return false
    world.journal.note(K.fetched, id, this.#ids.length, this.#ends.length)
    return true
  }

  #take(holding: Holding, limit: number, room: number): { count: number; bytes: number } {
    const { world } = this.#member
    const log = world.logs[holding.partition]!
    if (holding.position < log.start || holding.position > log.end) this.#reset(holding)
    const { offset, size } = world.records
    let [count, bytes] = [0, 0]
    let at = log.indexOf(holding.position)
    for (; at < log.ids.length && count < limit; at++) {
      const id = log.ids[at]!
      // One that is larger than all the room comes alone.
      if (bytes + size[id]! > room && this.#ids.length > 0) break
      this.#ids.push(id)
      holding.position = offset[id]! + 1
      bytes += size[id]!
      count++
      if (bytes >= room) {
        at++
        break
      }
    }
    if (at === log.ids.length) {
      holding.position = log.end
      if (holding.toldEnd !== log.end) {
        holding.toldEnd = log.end
        this.#ends.push({ holding, offset: log.end })
      }
    }
    return { count, bytes }
  }

  /** As `auto.offset.reset` earliest does it. */
  #reset(holding: Holding): void {
    const { world, id } = this.#member
    const { start } = world.logs[holding.partition]!
    world.journal.note(K.outOfRange, id, holding.partition, holding.position, start)
    this.move(holding, start)
  }

  /** Reading goes on at this offset. */
  move(holding: Holding, offset: number): void {
    holding.position = offset
    holding.toldEnd = -1
    // Where something was read before, its engine will notice by the offsets that come.
    if (holding.next !== undefined || holding.tenure === undefined) return
    if (this.lowestRead(holding.partition) === undefined)
      this.#member.world.checker.beganElsewhere(holding.tenure, offset)
  }
}

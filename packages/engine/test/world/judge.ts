/**
 * What must hold in every schedule, judged by what threads really did and by nothing that the engine says.
 *
 * The numbers are those of the guarantees: I1 no loss, I2 key order, I3 no overlap per key, I4 duplicates only with a
 * cause, I5 stores monotone per epoch and none from an old one.
 */
import type { Ordering } from '../../src/virtual-partitions.js'
import type { SyntheticRecord } from './batch.js'

export interface Started {
  readonly epoch: number
  readonly record: SyntheticRecord
}

/** One partition under one assignment. */
interface Epoch {
  readonly number: number
  /** Offsets in reading order. */
  readonly opened: number[]
  /** How many of `opened` are known to lie below the last store. */
  settled: number
  /** Offsets whose end a delivery of this epoch put on its thread's board. */
  readonly ended: Set<number>
  /** Offset that was started last, by key. */
  readonly lastStart: Map<string, number>
  /** The offset stored last. */
  stored: number
}

export class Judge {
  readonly #ordering: Ordering
  readonly #epochs = new Map<number, Epoch>()
  /** By key, across epochs: how many handlers of it run right now. */
  readonly #running = new Map<string, number>()
  /** By key, across epochs: the highest offset that was ever started. */
  readonly #firstStarts = new Map<string, number>()
  readonly #everStarted = new Set<string>()
  /** Records that ended well at least once, by slot. */
  readonly #done: Set<number>[] = []

  constructor(ordering: Ordering) {
    this.#ordering = ordering
  }

  assigned(slot: number, epoch: number): void {
    this.#epochs.set(slot, {
      number: epoch,
      opened: [],
      settled: 0,
      ended: new Set(),
      lastStart: new Map(),
      stored: -1,
    })
  }

  gone(slot: number): void {
    this.#epochs.delete(slot)
  }

  opened(slot: number, offset: number): void {
    this.#epochs.get(slot)!.opened.push(offset)
  }

  epochOf(slot: number): number | undefined {
    return this.#epochs.get(slot)?.number
  }

  started({ epoch, record }: Started): void {
    const { slot, offset } = record
    const current = this.#current(slot, epoch)
    if (current === undefined) throw new Error(`I5: ${slot}/${offset} of the ended epoch ${epoch} starts`)
    if (current.ended.has(offset)) throw new Error(`I4: ${slot}/${offset} starts again in the epoch in which it ended`)
    const key = this.#keyOf(record)
    if (key === undefined) return

    const running = this.#running.get(key) ?? 0
    if (running > 0) throw new Error(`I3: ${slot}/${offset} starts while another record of key ${key} runs`)
    this.#running.set(key, running + 1)

    const last = current.lastStart.get(key) ?? -1
    if (offset < last) throw new Error(`I2: ${slot}/${offset} starts after ${last} of key ${key}`)
    if (offset > last && last >= 0 && !current.ended.has(last)) {
      throw new Error(`I2: ${slot}/${offset} starts although ${last} of key ${key} has not ended`)
    }
    current.lastStart.set(key, offset)

    const name = `${slot}/${offset}`
    if (this.#everStarted.has(name)) return
    this.#everStarted.add(name)
    const highest = this.#firstStarts.get(key) ?? -1
    if (offset < highest) throw new Error(`I2: ${name} starts for the first time after ${highest} of key ${key}`)
    this.#firstStarts.set(key, offset)
  }

  /** The handler ended and the thread's board says so. */
  ended(started: Started): void {
    const { slot, offset } = started.record
    this.stopped(started)
    this.#doneOf(slot).add(offset)
    this.#current(slot, started.epoch)?.ended.add(offset)
  }

  /** The handler runs no more: its thread is dead. */
  stopped({ record }: Started): void {
    const key = this.#keyOf(record)
    if (key !== undefined) this.#running.set(key, this.#running.get(key)! - 1)
  }

  stored(slot: number, offset: number): void {
    const epoch = this.#epochs.get(slot)
    if (epoch === undefined) throw new Error(`I5: offset ${offset} of slot ${slot} stored, which is not ours`)
    if (offset < epoch.stored) throw new Error(`I5: slot ${slot} stored ${offset} after ${epoch.stored}`)
    epoch.stored = offset
    while (epoch.settled < epoch.opened.length && epoch.opened[epoch.settled]! < offset) {
      const below = epoch.opened[epoch.settled++]!
      if (!epoch.ended.has(below)) throw new Error(`I1: slot ${slot} stored ${offset}, but ${below} has not ended`)
    }
  }

  /** After a drain that met its deadline nothing that ended may be left for the next owner to repeat. */
  leftInOrder(slot: number, committed: number): void {
    const highest = Math.max(-1, ...this.#epochs.get(slot)!.ended)
    if (highest >= committed) throw new Error(`I4: slot ${slot} left at ${committed}, though ${highest} has ended`)
  }

  /** Everything below a commit, whoever read it in whichever epoch, has ended at least once. */
  committed(log: readonly SyntheticRecord[], slot: number, offset: number): void {
    const done = this.#doneOf(slot)
    for (const record of log) {
      if (record.offset >= offset) return
      if (!done.has(record.offset))
        throw new Error(`I1: ${slot}/${record.offset} lies below commit ${offset}, never ended`)
    }
  }

  #doneOf(slot: number): Set<number> {
    this.#done[slot] ??= new Set()
    return this.#done[slot]
  }

  #current(slot: number, epoch: number): Epoch | undefined {
    const current = this.#epochs.get(slot)
    return current?.number === epoch ? current : undefined
  }

  #keyOf({ slot, hash, key }: SyntheticRecord): string | undefined {
    if (this.#ordering === 'partition') return `${slot}`
    return this.#ordering === 'key' && key ? `${slot}:${hash}` : undefined
  }
}

/**
 * The real engine between a model of Kafka and models of threads, driven through one seeded schedule: reads of any size,
 * acks in any order, thread deaths, drains with deadlines, lost assignments, rewinds. Then the faults stop, everything
 * has to be finished and committed, and nothing may be left in flight.
 */
import { ACK_WORDS, type Effects } from '../../src/effects.js'
import { WorkEngine } from '../../src/work-engine.js'
import { audit } from './audit.js'
import { type SyntheticBatch, type SyntheticRecord, syntheticBatch } from './batch.js'
import { Judge } from './judge.js'
import { Random } from './random.js'
import { indexOf, nameOf, type Partition, partitionOf, type Shape, shapeOf } from './shape.js'
import { type Delivery, ModelThread } from './thread.js'

export interface WorldReport {
  readonly steps: number
  readonly counters: WorkEngine<SyntheticBatch>['counters']
}

const CHAOS_STEPS = 700
/** A record takes about fifty steps from its read to its commit. */
const STALLED_STEPS = 5_000
const TRACE_LENGTH = 60

/** @throws Error naming the seed, the contradiction and the last events */
export function runWorld(seed: number): WorldReport {
  const world = new World(seed)
  try {
    return world.run()
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    throw new Error(`seed ${seed}: ${what}\n${world.describe()}`, { cause: error })
  }
}

class World implements Effects {
  readonly #random: Random
  readonly #judge: Judge
  readonly #engine: WorkEngine<SyntheticBatch>
  /** Threads that are sent nothing more and will be replaced. */
  readonly #retired = new Set<number>()
  readonly #threads: ModelThread[]
  readonly #partitions: Partition[]
  readonly #shape: Shape
  readonly #trace: string[] = []
  /** Drains that the engine reported, to be carried out as a later step. */
  #drained: { slots: readonly number[]; complete: boolean }[] = []
  /** Drains that were asked for and not yet carried out: the tenures of their slots. */
  readonly #drains = new Map<readonly number[], number[]>()
  /** By slot: the offset that reading goes on with. */
  readonly #nextOffset: number[] = []
  /** By thread: the acks taken last. */
  readonly #lastAcks: Int32Array[] = []
  #held = false
  #now = 0
  #steps = 0
  /** Cleared for the second part, in which the world only makes progress. */
  #chaos = true

  constructor(seed: number) {
    const random = new Random(seed)
    this.#random = random
    const shape = shapeOf(random)
    this.#shape = shape
    this.#judge = new Judge(shape.ordering)
    this.#engine = new WorkEngine(
      {
        threads: shape.threads,
        concurrency: shape.concurrency,
        ordering: shape.ordering,
        affinity: shape.affinity,
        window: shape.window,
        spareRows: shape.spareRows,
        maxUncommittedRecords: shape.maxUncommittedRecords,
        onExhausted: 'complete',
        firstSequence: shape.firstSequence,
      },
      this,
    )
    this.#threads = Array.from(
      { length: shape.threads },
      () => new ModelThread(shape.ordering, shape.concurrency, this.#judge, random),
    )
    this.#partitions = Array.from({ length: shape.partitions }, (_, slot) => partitionOf(slot, shape, random))
    for (const { slot } of this.#partitions) this.#engine.assignments.slotOf(nameOf(slot))
  }

  run(): WorldReport {
    for (let step = 0; step < CHAOS_STEPS; step++) this.#step()
    this.#chaos = false
    let [processed, idleSteps] = [-1, 0]
    while (!this.#isFinished()) {
      idleSteps = processed === this.#engine.counters.processed ? idleSteps + 1 : 0
      processed = this.#engine.counters.processed
      if (idleSteps === STALLED_STEPS) throw new Error('I6: no progress')
      this.#step()
    }
    audit(this.#engine, this.#shape)
    this.#leave()
    return { steps: this.#steps, counters: this.#engine.counters }
  }

  describe(): string {
    return [JSON.stringify(this.#shape), JSON.stringify(this.#engine.counters), ...this.#trace].join('\n')
  }

  // ── the schedule ───────────────────────────────────────────────────────────────────────────────────────────────

  #step(): void {
    this.#steps++
    const thread = this.#random.int(0, this.#threads.length - 1)
    const model = this.#threads[thread]!
    // What happens all the time; faults are rarer, and stop in the second part.
    const roll = this.#random.int(0, this.#chaos ? 111 : 99)
    if (roll < 20) this.#read()
    else if (roll < 32) model.receive()
    else if (roll < 46) model.publish()
    else if (roll < 60) model.start()
    else if (roll < 72) model.finish(this.#random.chance(0.05) ? 'failed' : 'done')
    else if (roll < 79) model.flush()
    else if (roll < 87) this.#takeAcks(thread)
    else if (roll < 91) this.#tick()
    else if (roll < 93) this.#commit()
    else if (roll < 95) this.#assign()
    else if (roll < 97) this.#bury(thread)
    else if (roll < 98) this.#boot(thread)
    else if (roll < 100) this.#finishDrain()
    else if (roll < 103) this.#kill(thread)
    else if (roll < 106) this.#revoke()
    else if (roll < 107) this.#lose()
    else if (roll < 108) this.#replayAcks(thread)
    else if (roll < 110) this.#rewind()
    else this.#retire(thread)
    if (this.#steps % 16 === 0) audit(this.#engine, this.#shape)
  }

  #read(): void {
    const demand = this.#engine.demand()
    if (demand.records === 0) return
    const records: SyntheticRecord[] = []
    const wanted = this.#random.int(1, demand.records + this.#shape.spareRows)
    for (let chunks = this.#random.int(1, 4); chunks > 0 && records.length < wanted; chunks--) {
      const partition = this.#random.pick(this.#partitions)
      // Records of a partition that is not ours any more may still come out of the reader.
      if (partition.paused || (!partition.owned && this.#random.chance(0.8))) continue
      for (let n = this.#random.int(1, 12); n > 0 && records.length < wanted; n--) {
        const record = partition.log[partition.next]
        if (record === undefined) break
        partition.next++
        records.push(record)
      }
      if (this.#chaos && this.#random.chance(0.03)) this.#rewind(partition, records)
    }
    if (records.length === 0) this.#meetEnds()
    else this.#hand(records)
  }

  #hand(records: readonly SyntheticRecord[]): void {
    this.#log('read', ...records.map(({ slot, offset }) => `${slot}/${offset}`))
    const opened: { slot: number; offset: number }[] = []
    // Opened as the judge sees it: a record that does not rise begins an epoch.
    const next = new Map(this.#partitions.map(({ slot }) => [slot, this.#nextOffset[slot]!]))
    for (const { slot, offset } of records) {
      if (!this.#partitions[slot]!.owned) continue
      if (offset < next.get(slot)!) opened.push({ slot, offset: -1 })
      opened.push({ slot, offset })
      next.set(slot, offset + 1)
    }
    this.#engine.records(syntheticBatch(records))
    this.#settle(opened)
  }

  /** @param opened what a batch has opened, in order; offset -1 stands for a new epoch */
  #settle(opened: readonly { slot: number; offset: number }[]): void {
    for (const { slot, offset } of opened) {
      if (offset === -1) {
        const epoch = this.#judge.epochOf(slot)! + 1
        this.#judge.gone(slot)
        this.#judge.assigned(slot, epoch)
        this.#partitions[slot]!.stored = undefined
      } else {
        this.#judge.opened(slot, offset)
        this.#nextOffset[slot] = offset + 1
      }
    }
    for (const { slot, epoch } of this.#engine.assignments) {
      if (this.#judge.epochOf(slot) !== epoch)
        throw new Error(`slot ${slot} is in epoch ${epoch}, by its records in another`)
    }
  }

  #meetEnds(): void {
    for (const { slot, owned, next, log, end } of this.#partitions) {
      if (!owned || next < log.length) continue
      this.#engine.reachedEnd(slot, end)
      this.#nextOffset[slot] = Math.max(this.#nextOffset[slot]!, end)
    }
  }

  #takeAcks(thread: number): void {
    const acks = this.#threads[thread]!.posted.shift()
    if (acks === undefined) return
    this.#lastAcks[thread] = acks
    this.#log('acks', thread, acks.length / ACK_WORDS)
    this.#engine.acks(thread, acks, acks.length / ACK_WORDS)
  }

  /** Acks that were taken already: they must change nothing. */
  #replayAcks(thread: number): void {
    const acks = this.#lastAcks[thread]
    if (acks === undefined) return
    const before = JSON.stringify([this.#engine.window.messages, this.#engine.counters.processed])
    this.#engine.acks(thread, acks, acks.length / ACK_WORDS)
    const after = JSON.stringify([this.#engine.window.messages, this.#engine.counters.processed])
    if (before !== after) throw new Error('an ack counted twice')
  }

  #tick(): void {
    this.#now += this.#random.int(1, 120)
    this.#engine.tick(this.#now)
  }

  #commit(): void {
    this.#engine.storeWatermarks()
    for (const partition of this.#partitions) {
      if (partition.stored === undefined) continue
      partition.committed = partition.stored
      this.#judge.committed(partition.log, partition.slot, partition.committed)
    }
  }

  #assign(): void {
    const free = this.#partitions.filter(({ owned }) => !owned)
    if (free.length === 0) return
    const partition = this.#random.pick(free)
    this.#log('assign', partition.slot)
    const [slot] = this.#engine.assigned([nameOf(partition.slot)])
    if (slot !== partition.slot) throw new Error(`partition ${partition.slot} moved to slot ${slot}`)
    partition.owned = true
    partition.tenure++
    partition.paused = false
    partition.next = indexOf(partition.log, partition.committed)
    this.#nextOffset[slot] = 0
    this.#judge.assigned(slot, this.#engine.assignments.at(slot)!.epoch)
  }

  #revoke(): void {
    const slots = this.#partitions.filter((p) => p.owned && !p.draining && this.#random.chance(0.6)).map((p) => p.slot)
    if (slots.length === 0) return
    this.#log('drain', ...slots)
    for (const slot of slots) this.#partitions[slot]!.draining = true
    this.#drains.set(
      slots,
      slots.map((slot) => this.#partitions[slot]!.tenure),
    )
    this.#engine.drain(slots, this.#now + this.#random.int(0, 400))
  }

  #finishDrain(): void {
    const drained = this.#drained.shift()
    if (drained === undefined) return
    const tenures = this.#drains.get(drained.slots)
    if (tenures === undefined) throw new Error('a drain was answered twice')
    this.#drains.delete(drained.slots)
    // The partitions that were lost meanwhile are out of it, also when they are ours again.
    const slots = drained.slots.filter(
      (slot, i) => this.#partitions[slot]!.owned && this.#partitions[slot]!.tenure === tenures[i],
    )
    this.#log('drained', drained.complete, ...slots)
    this.#engine.storeWatermarks()
    this.#commit()
    if (drained.complete) for (const slot of slots) this.#judge.leftInOrder(slot, this.#partitions[slot]!.committed)
    this.#release(slots)
  }

  #lose(): void {
    const slots = this.#partitions.filter((p) => p.owned && this.#random.chance(0.5)).map((p) => p.slot)
    this.#log('lost', ...slots)
    this.#release(slots)
  }

  #release(slots: readonly number[]): void {
    for (const slot of slots) {
      const partition = this.#partitions[slot]!
      partition.owned = false
      partition.draining = false
      partition.stored = undefined
      this.#judge.gone(slot)
    }
    this.#engine.gone(slots)
  }

  /** It is sent nothing more; some time later it ends, done or not. */
  #retire(thread: number): void {
    if (this.#threads[thread]!.state !== 'up' || this.#retired.has(thread)) return
    this.#log('retires', thread)
    this.#retired.add(thread)
    this.#engine.retire(thread)
  }

  #kill(thread: number): void {
    const model = this.#threads[thread]!
    if (model.state !== 'up') return
    this.#log('dies', thread)
    model.die()
  }

  /** Exit and close have been seen: every posted ack was taken before. */
  #bury(thread: number): void {
    const model = this.#threads[thread]!
    if (model.state !== 'dying' || model.posted.length > 0) return
    this.#log('gone', thread)
    model.state = 'down'
    this.#engine.threadGone(thread, { planned: this.#retired.delete(thread) })
  }

  #boot(thread: number): void {
    const model = this.#threads[thread]!
    if (this.#retired.has(thread)) this.#kill(thread)
    if (model.state !== 'down') return
    this.#log('up', thread)
    model.boot()
    this.#engine.threadUp(thread)
  }

  /** The partition's position is set back, at most to its watermark: the same offsets come again. */
  #rewind(partition = this.#random.pick(this.#partitions), pending: readonly SyntheticRecord[] = []): void {
    const { slot, owned, log } = partition
    const watermark = this.#engine.assignments.at(slot)?.tracker.watermark
    if (!owned || watermark === undefined) return
    // What was read and is about to be handed over will be unfinished by then.
    const limit = Math.min(watermark, ...pending.filter((record) => record.slot === slot).map(({ offset }) => offset))
    partition.next = this.#random.int(0, Math.min(indexOf(log, limit), log.length - 1))
    this.#log('rewind', slot)
  }

  // ── effects ────────────────────────────────────────────────────────────────────────────────────────────────────

  dispatch(thread: number, tickets: Int32Array, count: number): void {
    const { inFlight } = this.#engine
    const frame: Delivery[] = []
    for (const ticket of tickets.subarray(0, count)) {
      const batch = inFlight.batch[ticket]!
      const index = inFlight.index[ticket]!
      const [slot, offset] = [batch.slots[index]!, batch.offsets[index]!]
      if (slot !== inFlight.slot[ticket] || offset !== inFlight.offset[ticket]) {
        throw new Error(`ticket ${ticket} points at the bytes of ${slot}/${offset}`)
      }
      const { log } = this.#partitions[slot]!
      const record = log[indexOf(log, offset)]!
      frame.push({ ticket, sequence: inFlight.sequence[ticket]!, epoch: inFlight.epoch[ticket]!, record })
    }
    this.#log('dispatch', thread, ...frame.map(({ record, epoch }) => `${record.slot}/${record.offset}e${epoch}`))
    this.#threads[thread]!.post(frame)
  }

  deliveryState(thread: number, ticket: number, sequence: number) {
    // The threads do not stand still while the engine looks at the boards; only a hold keeps them from starting.
    if (this.#random.chance(0.2)) {
      const other = this.#random.pick(this.#threads)
      other.publish()
      if (!this.#held) other.start()
    }
    return this.#threads[thread]!.boardOf(ticket, sequence)
  }

  hold(held: boolean): void {
    this.#held = held
  }

  cut(slot: number, epoch: number, aboveOffset: number): void {
    for (const thread of this.#threads) thread.cut(slot, epoch, aboveOffset)
  }

  pause(slot: number): void {
    this.#log('pause', slot)
    this.#partitions[slot]!.paused = true
  }

  resume(slot: number): void {
    this.#partitions[slot]!.paused = false
  }

  store(slot: number, offset: number): void {
    this.#log('store', `${slot}/${offset}`)
    this.#judge.stored(slot, offset)
    this.#partitions[slot]!.stored = offset
  }

  rewound(): void {}

  restart(): void {
    throw new Error('this world sets no partition back above its watermark')
  }

  drained(slots: readonly number[], complete: boolean): void {
    this.#drained.push({ slots, complete })
  }

  failed(): void {}

  /** Deaths are random here, so a loop of three may happen; the runtime would end, the world goes on. */
  stop(): void {}

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────

  #isFinished(): boolean {
    return this.#drains.size === 0 && this.#partitions.every(({ owned, committed, end }) => owned && committed === end)
  }

  /** A last drain finds nothing to do, and leaves nothing. */
  #leave(): void {
    for (const model of this.#threads) if (!model.idle) throw new Error('a thread has work left')
    const slots = this.#partitions.map(({ slot }) => slot)
    this.#drained = []
    this.#engine.drain(slots, this.#now + 1_000)
    if (this.#drained[0]?.complete !== true) throw new Error('an idle drain does not end at once')
    this.#engine.gone(slots)
    const { inFlight, window } = this.#engine
    if (inFlight.free !== inFlight.capacity || window.messages !== 0 || window.bytes !== 0) {
      throw new Error(
        `I8: ${inFlight.capacity - inFlight.free} rows, ${window.messages} messages, ${window.bytes} bytes left`,
      )
    }
  }

  #log(...words: unknown[]): void {
    this.#trace.push(words.join(' '))
    if (this.#trace.length > TRACE_LENGTH) this.#trace.shift()
  }
}

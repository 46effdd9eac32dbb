/**
 * The decisions of a work, driven by events and carried out through `Effects`.
 *
 * The way of a record: `records` opens it in its partition's tracker, the window admits it (or it waits), routing pins
 * it to a thread, `dispatch` sends it; `acks` finishes its offset and frees window and key; `storeWatermarks` hands over
 * what may be committed. Revoke and shutdown are a `drain`; a lost assignment skips that; a dead thread's records
 * go out again in their order.
 *
 * Time comes in as an argument and everything else goes out through effects, so that a simulation can drive the real
 * engine. One call is one atomic step: effects must not call back into the engine.
 */
import { type AssignedPartition, AssignmentTable } from './assignment.js'
import { Circuits } from './circuits.js'
import type { Core } from './core.js'
import { stateOf } from './delivery-state.js'
import { type Demand, Dispatcher } from './dispatcher.js'
import { ACK_WORDS, type Effects, OUTCOME_MASK, Outcome } from './effects.js'
import { Harvest } from './harvest.js'
import { InFlightTable, Phase } from './in-flight-table.js'
import type { InFlightWindow } from './in-flight-window.js'
import { Intake } from './intake.js'
import { Ownership } from './ownership.js'
import { ReadAhead } from './read-ahead.js'
import type { PartitionSlot, RecordBatch } from './record-batch.js'
import { type Counters, RecordEndings } from './record-endings.js'
import { copyOutSurvivors } from './sparse-batches.js'
import { ThreadDeaths, type ThreadEnd } from './thread-deaths.js'
import type { WorkEngineOptions } from './work-engine-options.js'

/** Weight of the newest batch of acks in the mean handler time. */
const NEWEST_WEIGHT = 0.2

export class WorkEngine<Batch extends RecordBatch> {
  readonly inFlight: InFlightTable<Batch>
  readonly assignments = new AssignmentTable()
  readonly window: InFlightWindow
  readonly #options: WorkEngineOptions
  readonly #effects: Effects
  readonly #dispatcher: Dispatcher
  readonly #readAhead: ReadAhead
  readonly #circuits: Circuits | undefined
  readonly #ownership: Ownership
  readonly #intake: Intake<Batch>
  readonly #endings: RecordEndings
  readonly #deaths: ThreadDeaths
  readonly #harvest: Harvest
  /** What a handler takes, in milliseconds: a moving mean over ack batches. */
  #handlerMs: number | undefined
  /** Batches of which few records were alive at the last look. */
  #sparse = new Set<Batch>()

  constructor(options: WorkEngineOptions, effects: Effects) {
    this.#options = options
    this.#effects = effects
    // What waits may be as much as what is in the window.
    this.inFlight = new InFlightTable(2 * options.window.maxMessages + options.spareRows)
    this.#dispatcher = new Dispatcher(options, this.inFlight, effects)
    this.window = this.#dispatcher.window
    const hasWaiting = (slot: PartitionSlot) => this.#dispatcher.hasWaiting(slot)
    this.#readAhead = new ReadAhead(options.maxUncommittedRecords, hasWaiting, effects)
    const { circuit, threads } = options
    if (circuit !== undefined) {
      this.#circuits = new Circuits(circuit, threads, this.inFlight, this.assignments, effects)
    }
    const core: Core<Batch> = {
      ...{ options, effects, table: this.inFlight, assignments: this.assignments },
      ...{ dispatcher: this.#dispatcher, circuits: this.#circuits },
    }
    this.#ownership = new Ownership(core)
    this.#intake = new Intake(core, this.#ownership, this.#readAhead)
    this.#endings = new RecordEndings(core)
    this.#deaths = new ThreadDeaths(core, this.#endings, this.#ownership)
    this.#harvest = new Harvest(core, this.#endings)
  }

  /** New records are looked up among those that were running when an earlier process died; false saves that. */
  set watchesProcessDeaths(watches: boolean) {
    this.#intake.watchesProcessDeaths = watches
  }

  get counters(): Readonly<Counters> {
    return this.#endings.counters
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * How much the next read may bring; zero records while the window is nearly full, so that reads stay large.
   *
   * @param unopened what `records` is given next: a read that is asked for before is under way meanwhile
   */
  demand(unopened?: Batch): Demand {
    return this.#dispatcher.demand(this.#isRead, unopened)
  }

  /**
   * A batch was read. Every record is opened before anything may hold it back: one that was read and never opened would
   * be committed past. Records of a partition that is not ours are left to its owner.
   *
   * @param wall the clock on the wall, in milliseconds since 1970; not needed without `delayMs`
   */
  records(batch: Batch, wall = this.#dispatcher.wall): void {
    this.#dispatcher.wall = wall
    this.#intake.records(batch)
    // A rewind may have made room in the window, and no ack may be due that would let the waiting records in.
    this.#proceed()
  }

  /** The reader met the end of a partition: offsets below it that were never seen hold no record. */
  reachedEnd(slot: PartitionSlot, offset: number): void {
    const assignment = this.assignments.at(slot)
    assignment?.begins(offset)
    assignment?.tracker.reachedEnd(offset)
  }

  // ── threads ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Acks of one thread, `ACK_WORDS` words each. Late and duplicate ones change nothing. */
  acks(thread: number, acks: Int32Array, count: number): void {
    const table = this.inFlight
    const { counters } = this.#endings
    // Only handlers that ran tell how long handlers take.
    let ran = 0
    let micros = 0
    this.#deaths.progressed(thread)
    for (let at = 0; at < count * ACK_WORDS; at += ACK_WORDS) {
      const ticket = acks[at]!
      const current =
        table.sequence[ticket] === acks[at + 1] &&
        table.phase[ticket]! >= Phase.dispatched &&
        table.thread[ticket] === thread
      if (!current) {
        counters.staleAcks++
        continue
      }
      const outcome = acks[at + 2]!
      if (outcome !== Outcome.discarded) {
        ran++
        micros += acks[at + 3]!
      }
      if ((outcome & OUTCOME_MASK) === Outcome.failed) table.attempt[ticket] = this.#effects.attemptOf(thread, ticket)
      if (!this.#endings.end(ticket, outcome, acks[at + 3]!)) counters.staleAcks++
    }
    if (ran > 0) this.#followHandlers(micros / 1000 / ran)
    this.#proceed()
  }

  /** The thread serves: what waits for it goes out. */
  threadUp(thread: number): void {
    this.#dispatcher.threadUp(thread)
    this.#proceed()
  }

  /** The thread is sent nothing more; what it has been sent, it still runs. `threadGone` and `threadUp` follow. */
  retire(thread: number): void {
    this.#dispatcher.threadDown(thread)
  }

  /** Records that the thread was sent and has not let go of. */
  heldBy(thread: number): number {
    return this.inFlight.sentTo(thread).length
  }

  /**
   * The thread is gone: its exit and its port's close have both been seen, so none of its JavaScript can run and no ack
   * is on its way.
   */
  threadGone(thread: number, how: ThreadEnd = {}): void {
    this.#deaths.gone(thread, how)
    this.#proceed()
  }

  /** Handlers take batches. @param messages that all of them together may be given or wait for: the window has room for as many */
  takesBatches(messages: number): void {
    this.#dispatcher.takesBatches(messages)
  }

  // ── dead letters ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the record of an earlier `Effects.deadLetter` still waits for it. */
  isWanted(ticket: number, sequence: number): boolean {
    return this.#endings.isWanted(ticket, sequence)
  }

  /** The broker has the dead letter, or (`written` false) nobody tries any more: the offset stays open then. */
  deadLettered(ticket: number, sequence: number, written: boolean): void {
    this.#endings.deadLettered(ticket, sequence, written)
    this.#proceed()
  }

  // ── assignment ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** @returns the slots of the partitions, in their order */
  assigned(partitions: readonly AssignedPartition[]): PartitionSlot[] {
    const slots = this.#ownership.assigned(partitions)
    // The window may have grown with them.
    this.#proceed()
    return slots
  }

  /**
   * Ends the work on partitions in good order, for a revoke or a shutdown: records above the highest one that has
   * started are discarded, so that the rest leaves no hole, and the rest runs until the deadline. `drained` follows,
   * once and with the same array, whatever happens to the partitions meanwhile.
   */
  drain(slots: readonly PartitionSlot[], deadline: number): void {
    this.#ownership.drain(slots, deadline)
    this.#harvest.done()
    this.#proceed()
  }

  /**
   * Time is up for these partitions: handlers that run may still end, and nothing else of them starts, even where that
   * leaves holes below what is finished. Follows a drain whose deadline passed.
   */
  halt(slots: readonly PartitionSlot[]): void {
    this.#ownership.halt(slots)
    this.#harvest.done()
    this.#proceed()
  }

  /** Ends what the boards show as ended, for the last time before a commit (see `Harvest`). */
  harvest(): void {
    this.#harvest.all()
    this.#proceed()
  }

  /** The partitions are no longer ours, drained or lost: nothing of their epoch starts, and its acks complete nothing. */
  gone(slots: readonly PartitionSlot[]): void {
    this.#ownership.gone(slots)
    this.#proceed()
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Call about every 100 ms.
   * @param now a monotonic clock in milliseconds
   * @param wall the clock on the wall, in milliseconds since 1970; not needed without `delayMs`
   */
  tick(now: number, wall = this.#dispatcher.wall): void {
    this.#dispatcher.wall = wall
    this.#circuits?.tick(now)
    this.#dispatcher.acquit(this.#isParked)
    const { drains } = this.#ownership
    if (drains.any) this.#harvest.look()
    this.#proceed()
    this.#readAhead.look(this.assignments)
    this.#sparse = copyOutSurvivors(this.inFlight, this.#sparse)
    for (const { slots } of drains.takeLate(now)) this.#effects.drained(slots, false)
  }

  /** Hands over for commit what was finished since the last time. */
  storeWatermarks(): void {
    for (const assignment of this.assignments) {
      const unstored = assignment.takeUnstored()
      if (unstored !== undefined) this.#effects.store(assignment.slot, unstored.watermark, unstored.finished)
    }
  }

  /** When the next record of a partition may start, on the wall clock; undefined when none waits for its time. */
  dueAt(slot: PartitionSlot): number | undefined {
    return this.#dispatcher.dueAt(slot)
  }

  /** Messages routed to a thread that have not ended. */
  load(thread: number): number {
    return this.#dispatcher.load(thread)
  }

  /**
   * The record for whose end what is routed to the thread waits, because it runs alone: in its thread, as a suspect, or
   * (`Care.alone`) in the process, where it first waits itself for whatever runs. Undefined when there is none.
   */
  aloneBefore(thread: number): number | undefined {
    return this.#dispatcher.aloneBefore(thread)
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends what may be sent, and sees whether a drain has come to its end. */
  #proceed(): void {
    if (this.#endings.handedBack) {
      this.#endings.handedBack = false
      this.#ownership.dropUnsent()
    }
    const waited = this.#dispatcher.anyWaiting
    this.#dispatcher.proceed()
    for (let condemned = this.#dispatcher.takeCondemned(); condemned.length > 0; ) {
      for (const ticket of condemned) this.#endings.condemn(ticket)
      this.#dispatcher.proceed()
      condemned = this.#dispatcher.takeCondemned()
    }
    // At once: until the next tick a partition that waited would run out of work.
    if (waited) this.#readAhead.resume(this.assignments)
    const { drains } = this.#ownership
    if (!drains.any) return
    this.#ownership.cutHeldBack()
    for (const { slots } of drains.takeFinished(this.assignments)) this.#effects.drained(slots, true)
  }

  readonly #isParked = (ticket: number): boolean => stateOf(ticket, this.inFlight, this.#effects) === 'parked'

  readonly #isRead = (slot: PartitionSlot): boolean => {
    const assignment = this.assignments.at(slot)
    return assignment !== undefined && !assignment.paused
  }

  #followHandlers(ms: number): void {
    this.#handlerMs = this.#handlerMs === undefined ? ms : this.#handlerMs + (ms - this.#handlerMs) * NEWEST_WEIGHT
    this.window.adapt(this.#options.threads * this.#options.concurrency, this.#handlerMs)
  }
}

/**
 * The decisions of a work, driven by events and carried out through `Effects`.
 *
 * The way of a record: `records` opens it in its partition's tracker, the window admits it (or it waits), routing pins
 * it to a thread, `dispatch` sends it; `acks` finishes its offset and frees window and key; `tick` hands advanced
 * watermarks over for commit. Revoke and shutdown are a `drain`; a lost assignment skips that; a dead thread's records
 * go out again in their order.
 *
 * Time comes in as an argument and everything else goes out through effects, so that a simulation can drive the real
 * engine. One call is one atomic step: effects must not call back into the engine.
 */
import { AssignmentTable, type PartitionAssignment, type TopicPartition } from './assignment.js'
import { CrashLoop } from './crash-loop.js'
import { ACK_WORDS, type DeliveryState, type Effects, Outcome, type RunningRecord } from './effects.js'
import { InFlightTable, Phase } from './in-flight-table.js'
import { InFlightWindow, type WindowLimits } from './in-flight-window.js'
import { TicketRing } from './keyed-queue.js'
import { abandonDeadWeight } from './memory.js'
import type { PartitionSlot, RecordBatch } from './record-batch.js'
import { type Affinity, type Ordering, VirtualPartitions } from './virtual-partitions.js'

export interface WorkEngineOptions {
  threads: number
  /** Handlers in progress at once in one thread. */
  concurrency: number
  ordering: Ordering
  affinity: Affinity
  window: WindowLimits
  /** Rows beyond `window.maxMessages` for what one read may bring too many. */
  spareRows: number
  /** Reading of a partition stops when so many records lie above its lowest unfinished one. */
  maxUncommittedRecords: number
  /** What becomes of a record whose handler failed for good: its offset completes, or the work stops. */
  onExhausted: 'complete' | 'stop'
  /** Sequence number before the first delivery, default 0; tests begin just before numbers wrap at 32 bits. */
  firstSequence?: number
}

/** Weight of the newest batch of acks in the mean handler time. */
const NEWEST_WEIGHT = 0.2

export interface Counters {
  /** Records completed, each once, failed ones included. */
  processed: number
  failed: number
  redelivered: number
  threadDeaths: number
  /** Acks of a delivery that was superseded or of an assignment that is over. */
  staleAcks: number
}

interface ThreadQueue {
  /** Serving: what is routed to it may be sent. */
  up: boolean
  /** Routed and not sent, in order. */
  outbox: TicketRing
}

interface Drain {
  readonly slots: readonly PartitionSlot[]
  /** What it waits for. A partition that is lost and comes back during the drain is no part of it. */
  readonly assignments: readonly PartitionAssignment[]
  readonly deadline: number
}

export class WorkEngine<Batch extends RecordBatch> {
  readonly inFlight: InFlightTable<Batch>
  readonly assignments = new AssignmentTable()
  readonly window: InFlightWindow
  readonly counters: Counters = { processed: 0, failed: 0, redelivered: 0, threadDeaths: 0, staleAcks: 0 }
  readonly #options: WorkEngineOptions
  readonly #effects: Effects
  readonly #routes: VirtualPartitions
  readonly #threads: ThreadQueue[]
  readonly #crashLoop = new CrashLoop()
  /** Opened, but beyond the window, in arrival order. */
  #waiting = new TicketRing()
  #drains: Drain[] = []
  #sequence: number
  readonly #scratch: Int32Array
  /** What a handler takes, in milliseconds: a moving mean over ack batches. */
  #handlerMs: number | undefined
  #sparse = new Set<Batch>()

  constructor(options: WorkEngineOptions, effects: Effects) {
    this.#options = options
    this.#effects = effects
    this.#sequence = options.firstSequence ?? 0
    this.#routes = new VirtualPartitions(options.threads, options.ordering, options.affinity)
    this.#threads = Array.from({ length: options.threads }, () => ({ up: false, outbox: new TicketRing() }))
    this.window = new InFlightWindow(options.window)
    this.inFlight = new InFlightTable(options.window.maxMessages + options.spareRows)
    this.#scratch = new Int32Array(this.inFlight.capacity)
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** How much the next read may bring; zero records while the window is nearly full, so that reads stay large. */
  demand(): { records: number; bytes: number } {
    const { freeMessages, freeBytes, maxMessages } = this.window
    const free = this.#waiting.length > 0 ? 0 : Math.min(freeMessages, this.inFlight.free)
    if (free < Math.max(1, maxMessages >> 3) || freeBytes === 0) return { records: 0, bytes: 0 }
    return { records: free, bytes: freeBytes }
  }

  /**
   * A batch was read. Every record is opened before anything may hold it back: one that was read and never opened would
   * be committed past. Records of a partition that is not ours are left to its owner.
   */
  records(batch: Batch): void {
    const { slots, offsets, keyHashes, keyLengths, sizes, length } = batch
    const table = this.inFlight
    let slot = -1
    let assignment: PartitionAssignment | undefined
    let live = 0
    for (let i = 0; i < length; i++) {
      if (slots[i] !== slot) {
        if (assignment !== undefined) this.#limitSpan(assignment)
        slot = slots[i]!
        assignment = this.assignments.at(slot)
      }
      if (assignment === undefined) continue
      const offset = offsets[i]!
      if (assignment.tracker.precedes(offset)) assignment = this.#rewound(assignment, offset)
      const trackerTicket = assignment.tracker.open(offset)
      if (offset > assignment.cut) continue

      live++
      assignment.inFlight++
      const ticket = table.take()
      table.batch[ticket] = batch
      table.index[ticket] = i
      table.slot[ticket] = slot
      table.epoch[ticket] = assignment.epoch
      table.offset[ticket] = offset
      table.trackerTicket[ticket] = trackerTicket
      table.keyHash[ticket] = keyHashes[i]!
      table.hasKey[ticket] = keyLengths[i]! < 0 ? 0 : 1
      table.size[ticket] = sizes[i]!
      table.attempt[ticket] = 1
      if (this.#waiting.length === 0 && this.window.admit(sizes[i]!)) {
        this.#route(ticket)
      } else {
        table.phase[ticket] = Phase.waiting
        this.#waiting.push(ticket)
      }
    }
    // Not `= live`: a rewind within the batch may have dropped some of them already.
    batch.live -= length - live
    if (assignment !== undefined) this.#limitSpan(assignment)
    // A rewind may have made room in the window, and no ack may be due that would let the waiting records in.
    this.#proceed()
  }

  /** The reader met the end of a partition: offsets below it that were never seen hold no record. */
  reachedEnd(slot: PartitionSlot, offset: number): void {
    this.assignments.at(slot)?.tracker.reachedEnd(offset)
  }

  // ── threads ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Acks of one thread, `ACK_WORDS` words each. Late and duplicate ones change nothing. */
  acks(thread: number, acks: Int32Array, count: number): void {
    const table = this.inFlight
    // Only handlers that ran tell how long handlers take.
    let ran = 0
    let micros = 0
    this.#crashLoop.progressed(thread)
    for (let at = 0; at < count * ACK_WORDS; at += ACK_WORDS) {
      const ticket = acks[at]!
      const current =
        table.sequence[ticket] === acks[at + 1] &&
        table.phase[ticket]! >= Phase.dispatched &&
        table.thread[ticket] === thread
      if (!current) {
        this.counters.staleAcks++
        continue
      }
      const outcome = acks[at + 2]!
      if (outcome !== Outcome.discarded) {
        ran++
        micros += acks[at + 3]!
      }
      this.#end(ticket, outcome)
    }
    if (ran > 0) this.#followHandlers(micros / 1000 / ran)
    this.#proceed()
  }

  /** The thread serves: what waits for it goes out. */
  threadUp(thread: number): void {
    this.#threads[thread]!.up = true
    this.#flush()
  }

  /**
   * The thread is gone: its exit and its port's close have both been seen, so none of its JavaScript can run and no ack
   * is on its way. What its board shows as ended has ended; the rest goes out again in the order in which it was sent,
   * before anything newer.
   */
  threadGone(thread: number): void {
    this.counters.threadDeaths++
    const queue = this.#threads[thread]!
    queue.up = false
    const again: number[] = []
    const running: RunningRecord[] = []
    for (const ticket of this.#dispatchedTo(thread)) {
      const state = this.#stateOf(ticket)
      if (state === 'done' || state === 'failed' || state === 'discarded') this.#end(ticket, Outcome[state])
      else if (this.#isOver(ticket)) this.#end(ticket, Outcome.discarded)
      else {
        if (state === 'running') running.push(this.#runningRecord(ticket))
        again.push(ticket)
      }
    }
    this.#requeue(queue, again)
    const deaths = this.#crashLoop.died(thread, running)
    if (deaths !== undefined) this.#effects.stop({ type: 'crash-loop', thread, deaths, running })
    this.#proceed()
  }

  // ── assignment ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** @returns the slots of the partitions, in their order */
  assigned(partitions: readonly TopicPartition[]): PartitionSlot[] {
    return partitions.map((partition) => this.assignments.assign(partition).slot)
  }

  /**
   * Ends the work on partitions in good order, for a revoke or a shutdown: records above the highest one that has
   * started are discarded, so that the rest leaves no hole, and the rest runs until the deadline. `drained` follows,
   * once and with the same array, whatever happens to the partitions meanwhile.
   */
  drain(slots: readonly PartitionSlot[], deadline: number): void {
    const fresh = slots.filter((slot) => this.assignments.at(slot)?.state === 'assigned')
    // Held: a thread publishes "running" before it looks at hold and cut, so whatever the boards do not show as started
    // by now waits, and will find the cut.
    this.#effects.hold(true)
    for (const slot of fresh) {
      const assignment = this.assignments.at(slot)!
      assignment.state = 'draining'
      assignment.cut = assignment.tracker.highestFinished
    }
    const sent = this.#dispatchedOf(new Set(fresh))
    for (const [ticket, assignment] of sent) {
      const state = this.#stateOf(ticket)
      if (state === 'queued' || state === 'discarded' || state === 'unknown') continue
      assignment.cut = Math.max(assignment.cut, this.inFlight.offset[ticket]!)
    }
    for (const slot of fresh) {
      const { epoch, cut } = this.assignments.at(slot)!
      this.#effects.cut(slot, epoch, cut)
    }
    this.#effects.hold(false)
    for (const [ticket, assignment] of sent) {
      if (this.inFlight.offset[ticket]! <= assignment.cut) continue
      this.inFlight.phase[ticket] = Phase.abandoned
      assignment.inFlight--
    }
    const assignments = [...this.assignments].filter(({ slot }) => slots.includes(slot))
    this.#drains.push({ slots, assignments, deadline })
    this.#dropUnsent()
    this.#proceed()
  }

  /** The partitions are no longer ours, drained or lost: nothing of their epoch starts, and its acks complete nothing. */
  gone(slots: readonly PartitionSlot[]): void {
    for (const slot of slots) this.#endEpoch(slot)
    this.#dropUnsent()
    this.#proceed()
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Call about every 100 ms. @param now a monotonic clock in milliseconds */
  tick(now: number): void {
    this.storeWatermarks()
    for (const assignment of this.assignments) {
      if (!assignment.paused || assignment.tracker.span >= this.#options.maxUncommittedRecords * 0.75) continue
      assignment.paused = false
      this.#effects.resume(assignment.slot)
    }
    this.#sparse = abandonDeadWeight(this.inFlight, this.#sparse)
    const late = this.#drains.filter((drain) => now >= drain.deadline)
    this.#drains = this.#drains.filter((drain) => now < drain.deadline)
    for (const drain of late) this.#effects.drained(drain.slots, false)
  }

  /** Hands every watermark that moved over for commit. */
  storeWatermarks(): void {
    for (const assignment of this.assignments) {
      const { tracker, slot } = assignment
      const watermark = tracker.watermark
      // Before the first record is finished the watermark is only where reading began.
      if (watermark === undefined || watermark === assignment.stored || (tracker.completed === 0 && tracker.span > 0)) {
        continue
      }
      assignment.stored = watermark
      this.#effects.store(slot, watermark)
    }
  }

  /** Messages routed to a thread that have not ended. */
  load(thread: number): number {
    return this.#routes.load(thread)
  }

  /** Tickets of records that a thread runs or may still run, in no order: for error reports. */
  running(): Iterable<number> {
    return this.#rows((phase) => phase === Phase.dispatched)
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #route(ticket: number): void {
    const table = this.inFlight
    const thread = this.#routes.route(table.slot[ticket]!, table.keyHash[ticket]!, table.hasKey[ticket] === 1)
    table.thread[ticket] = thread
    table.phase[ticket] = Phase.routed
    this.#threads[thread]!.outbox.push(ticket)
  }

  /** Lets waiting records into the window, sends what is routed, and sees whether a drain has come to its end. */
  #proceed(): void {
    const table = this.inFlight
    while (this.#waiting.length > 0 && this.window.admit(table.size[this.#waiting.at(0)]!)) {
      this.#route(this.#waiting.shift())
    }
    this.#flush()
    if (this.#drains.length > 0) this.#finishDrains()
  }

  #flush(): void {
    const { phase, sequence } = this.inFlight
    for (let thread = 0; thread < this.#threads.length; thread++) {
      const { up, outbox } = this.#threads[thread]!
      const count = outbox.length
      if (!up || count === 0) continue
      for (let i = 0; i < count; i++) {
        const ticket = outbox.at(i)
        this.#sequence = (this.#sequence + 1) | 0 || 1
        sequence[ticket] = this.#sequence
        phase[ticket] = Phase.dispatched
        this.#scratch[i] = ticket
      }
      outbox.clear()
      this.#effects.dispatch(thread, this.#scratch, count)
    }
  }

  #end(ticket: number, outcome: number): void {
    const table = this.inFlight
    const assignment = this.#assignmentOf(ticket)
    if (assignment === undefined) {
      this.counters.staleAcks++
    } else if (table.phase[ticket] === Phase.dispatched) {
      assignment.inFlight--
      if (this.#completes(ticket, outcome)) {
        assignment.tracker.finish(table.trackerTicket[ticket]!)
        this.counters.processed++
      }
    }
    this.window.release(table.size[ticket]!)
    this.#unroute(ticket)
    this.#free(ticket)
  }

  #completes(ticket: number, outcome: number): boolean {
    if (outcome !== Outcome.failed) return outcome === Outcome.done
    this.counters.failed++
    this.#effects.failed(ticket)
    if (this.#options.onExhausted === 'complete') return true
    const { slot, offset } = this.inFlight
    this.#effects.stop({ type: 'record-failed', slot: slot[ticket]!, offset: offset[ticket]! })
    return false
  }

  #unroute(ticket: number): void {
    const { thread, slot, keyHash, hasKey } = this.inFlight
    this.#routes.release(thread[ticket]!, slot[ticket]!, keyHash[ticket]!, hasKey[ticket] === 1)
  }

  #free(ticket: number): void {
    const batch = this.inFlight.batch[ticket]
    if (batch !== undefined) batch.live--
    this.inFlight.release(ticket)
  }

  #requeue(queue: ThreadQueue, tickets: readonly number[]): void {
    const { phase } = this.inFlight
    const newer = queue.outbox
    queue.outbox = new TicketRing()
    for (const ticket of tickets) {
      phase[ticket] = Phase.routed
      queue.outbox.push(ticket)
    }
    this.counters.redelivered += tickets.length
    while (newer.length > 0) queue.outbox.push(newer.shift())
  }

  #runningRecord(ticket: number): RunningRecord {
    const { slot, offset, attempt } = this.inFlight
    const record = { slot: slot[ticket]!, offset: offset[ticket]!, attempt: attempt[ticket]! }
    attempt[ticket]!++
    return record
  }

  #dispatchedTo(thread: number): number[] {
    const { sequence, thread: pinned } = this.inFlight
    const rows = [...this.#rows((phase, ticket) => phase >= Phase.dispatched && pinned[ticket] === thread)]
    return rows.sort((a, b) => (sequence[a]! - sequence[b]!) | 0)
  }

  #dispatchedOf(slots: ReadonlySet<PartitionSlot>): [ticket: number, assignment: PartitionAssignment][] {
    const found: [number, PartitionAssignment][] = []
    for (const ticket of this.#rows((phase) => phase === Phase.dispatched)) {
      const assignment = this.#assignmentOf(ticket)
      if (assignment !== undefined && slots.has(assignment.slot)) found.push([ticket, assignment])
    }
    return found
  }

  *#rows(matches: (phase: number, ticket: number) => boolean): Generator<number> {
    const { phase, capacity } = this.inFlight
    for (let ticket = 0; ticket < capacity; ticket++) if (matches(phase[ticket]!, ticket)) yield ticket
  }

  #stateOf(ticket: number): DeliveryState {
    const { thread, sequence } = this.inFlight
    return this.#effects.deliveryState(thread[ticket]!, ticket, sequence[ticket]!)
  }

  #assignmentOf(ticket: number): PartitionAssignment | undefined {
    return this.assignments.find(this.inFlight.slot[ticket]!, this.inFlight.epoch[ticket]!)
  }

  /** Must not start any more: its epoch has ended, or it lies above its partition's cut. */
  #isOver(ticket: number): boolean {
    const assignment = this.#assignmentOf(ticket)
    return assignment === undefined || this.inFlight.offset[ticket]! > assignment.cut
  }

  /** Forgets records that were not sent to a thread and must not start any more. */
  #dropUnsent(): void {
    const drop = (ticket: number) => {
      const assignment = this.#assignmentOf(ticket)
      if (assignment !== undefined) assignment.inFlight--
      this.#free(ticket)
    }
    this.#waiting = keep(this.#waiting, (ticket) => !this.#isOver(ticket), drop)
    for (const queue of this.#threads) {
      queue.outbox = keep(
        queue.outbox,
        (ticket) => !this.#isOver(ticket),
        (ticket) => {
          this.window.release(this.inFlight.size[ticket]!)
          this.#unroute(ticket)
          drop(ticket)
        },
      )
    }
  }

  #finishDrains(): void {
    const isDone = ({ assignments }: Drain) =>
      assignments.every(
        (assignment) => assignment.inFlight === 0 || this.assignments.at(assignment.slot) !== assignment,
      )
    const done = this.#drains.filter(isDone)
    if (done.length === 0) return
    this.#drains = this.#drains.filter((drain) => !isDone(drain))
    for (const drain of done) this.#effects.drained(drain.slots, true)
  }

  #endEpoch(slot: PartitionSlot): void {
    const assignment = this.assignments.at(slot)
    if (assignment === undefined) return
    this.#effects.cut(slot, assignment.epoch, -1)
    this.assignments.end(slot)
  }

  /** The partition starts again at a lower offset: what was read of it is void, as if it had been given back to us. */
  #rewound(assignment: PartitionAssignment, offset: number): PartitionAssignment {
    const { slot, topic, partition, state, paused, tracker } = assignment
    // What is unfinished below would be void and not read again: the new epoch would commit past it.
    if (offset > tracker.watermark!) {
      throw new RangeError(`${topic}/${partition} went back to ${offset}, but ${tracker.watermark} is not finished`)
    }
    this.#endEpoch(slot)
    this.#dropUnsent()
    const next = this.assignments.assign({ topic, partition })
    next.state = state
    // A drain that was reported already must stay true: nothing of the new epoch starts.
    if (state === 'draining') next.cut = -1
    // Reading stays stopped until somebody resumes it.
    next.paused = paused
    return next
  }

  #followHandlers(ms: number): void {
    this.#handlerMs = this.#handlerMs === undefined ? ms : this.#handlerMs + (ms - this.#handlerMs) * NEWEST_WEIGHT
    this.window.adapt(this.#options.threads * this.#options.concurrency, this.#handlerMs)
  }

  #limitSpan(assignment: PartitionAssignment): void {
    if (assignment.paused || assignment.tracker.span < this.#options.maxUncommittedRecords) return
    assignment.paused = true
    this.#effects.pause(assignment.slot)
  }
}

function keep(ring: TicketRing, wanted: (ticket: number) => boolean, drop: (ticket: number) => void): TicketRing {
  const kept = new TicketRing()
  while (ring.length > 0) {
    const ticket = ring.shift()
    if (wanted(ticket)) kept.push(ticket)
    else drop(ticket)
  }
  return kept
}

/** An engine whose outside is a test: what it asks for is written down, what threads say is typed in. */
import {
  ACK_WORDS,
  type CircuitScope,
  type DeliveryState,
  type Effects,
  Outcome,
  type StopReason,
} from '../src/effects.js'
import { WorkEngine } from '../src/work-engine.js'
import type { WorkEngineOptions } from '../src/work-engine-options.js'
import { type SyntheticBatch, type SyntheticRecord, syntheticBatch } from './synthetic-batch.js'

interface Sent {
  readonly ticket: number
  readonly sequence: number
  readonly slot: number
  readonly offset: number
  readonly epoch: number
  readonly attempt: number
}

export function desk(options: Partial<WorkEngineOptions> = {}) {
  /** Deliveries by thread since the last look, in order. */
  const inboxes = new Map<number, Sent[]>()
  /** The latest delivery of each record. */
  const latest = new Map<string, Sent & { thread: number }>()
  /** What boards say, by ticket and sequence; queued unless set. */
  const boards = new Map<string, DeliveryState>()
  /** The attempt that ran last, and the flags of a failure, by ticket, where a test sets them. */
  const attempts = new Map<number, number>()
  const flags = new Map<number, number>()
  /** Process deaths by offset. */
  const processDeaths = new Map<number, number>()
  /** Where starts are held, and by which threads one record may start all the same. */
  const held = new Set<CircuitScope>()
  const permits = new Map<CircuitScope, Set<number>>()
  const permitsOf = (scope: CircuitScope) => permits.get(scope) ?? new Set<number>()
  const named = (scope: CircuitScope) => (scope === 'work' ? 'work' : `slot ${scope}`)
  const calls: string[] = []
  const stops: StopReason[] = []

  const effects: Effects = {
    dispatch(thread, tickets, count) {
      for (const ticket of tickets.subarray(0, count)) {
        const { sequence, slot, offset, epoch, attempt } = engine.inFlight
        const sent = {
          ticket,
          sequence: sequence[ticket]!,
          slot: slot[ticket]!,
          offset: offset[ticket]!,
          epoch: epoch[ticket]!,
          attempt: attempt[ticket]!,
        }
        attempts.delete(ticket)
        flags.delete(ticket)
        inboxes.set(thread, [...(inboxes.get(thread) ?? []), sent])
        latest.set(`${sent.slot}/${sent.offset}`, { ...sent, thread })
      }
    },
    deliveryState: (_thread, ticket, sequence) => boards.get(`${ticket}#${sequence}`) ?? 'queued',
    attemptOf: (_thread, ticket) => attempts.get(ticket) ?? engine.inFlight.attempt[ticket]!,
    failureFlags: (_thread, ticket) => flags.get(ticket) ?? 0,
    hold: (held) => calls.push(held ? 'hold' : 'release'),
    cut: (slot, epoch, above) => calls.push(`cut ${slot} epoch ${epoch} above ${above}`),
    pause: (slot) => calls.push(`pause ${slot}`),
    resume: (slot) => calls.push(`resume ${slot}`),
    store: (slot, offset, finished) =>
      calls.push(`store ${slot}/${offset}${finished.length === 0 ? '' : ` and ${finished.join(',')}`}`),
    rewound: (slot, from, to) => calls.push(`rewound ${slot} from ${from} to ${to}`),
    restart: (slot, offset) => calls.push(`restart ${slot}/${offset}`),
    drained: (slots, complete) => calls.push(`drained ${slots.join(',')} ${complete ? 'complete' : 'late'}`),
    failed: (ticket) => calls.push(`failed ${engine.inFlight.slot[ticket]}/${engine.inFlight.offset[ticket]}`),
    deadLetter: (ticket) => calls.push(`dead letter ${engine.inFlight.slot[ticket]}/${engine.inFlight.offset[ticket]}`),
    completed: (ticket, how) => calls.push(`${how} ${engine.inFlight.slot[ticket]}/${engine.inFlight.offset[ticket]}`),
    processDeaths: (_slot, offset) => processDeaths.get(offset) ?? 0,
    holdStarts: (scope, isHeld) => {
      if (isHeld) held.add(scope)
      else held.delete(scope)
      permits.delete(scope)
      calls.push(`${isHeld ? 'hold' : 'release'} starts of ${named(scope)}`)
    },
    permitStart: (thread, scope) => {
      permits.set(scope, permitsOf(scope).add(thread))
      calls.push(`permit ${thread} of ${named(scope)}`)
    },
    withdrawPermit: (thread, scope) => permitsOf(scope).delete(thread),
    circuitChanged: (scope, from, to) => calls.push(`${named(scope)} ${from} to ${to}`),
    stop: (reason) => stops.push(reason),
  }
  const engine = new WorkEngine<SyntheticBatch>(
    {
      threads: 1,
      concurrency: 1,
      ordering: 'key',
      affinity: 'hash',
      window: { minMessages: 100, maxMessages: 100, maxBytes: 10_000 },
      spareRows: 20,
      maxUncommittedRecords: 1_000,
      onExhausted: 'complete',
      ...options,
    },
    effects,
  )
  const threads = options.threads ?? 1
  const of = (offset: number, slot: number) => latest.get(`${slot}/${offset}`)!

  return {
    engine,
    stops,
    /** Assigns partitions 0 to n-1 and brings every thread up. */
    start(partitions = 1) {
      this.assign(...Array.from({ length: partitions }, (_, partition) => partition))
      for (let thread = 0; thread < threads; thread++) engine.threadUp(thread)
      return this
    },
    assign: (...partitions: number[]) =>
      engine.assigned(partitions.map((partition) => ({ topic: 'orders', partition }))),
    /** Reads records of one key of partition 0, unless said otherwise. */
    read(
      offsets: readonly number[],
      { slot = 0, hash = 1, key = true, size = 1, timestamp = -1 }: Partial<SyntheticRecord> = {},
      wall?: number,
    ) {
      const batch = syntheticBatch(offsets.map((offset) => ({ slot, offset, hash, key, size, timestamp })))
      engine.records(batch, wall)
      return batch
    },
    readRecords(records: readonly Pick<SyntheticRecord, 'slot' | 'offset'>[]) {
      const batch = syntheticBatch(records.map((record) => ({ hash: 1, key: true, size: 1, timestamp: -1, ...record })))
      engine.records(batch)
      return batch
    },
    /** What was sent to a thread since the last look. */
    sent(thread = 0): Sent[] {
      const sent = inboxes.get(thread) ?? []
      inboxes.delete(thread)
      return sent
    },
    offsetsSent(thread = 0): number[] {
      return this.sent(thread).map(({ offset }) => offset)
    },
    /** The latest delivery of a record. */
    delivery: (offset: number, slot = 0) => of(offset, slot),
    board(offset: number, state: DeliveryState, slot = 0) {
      const { ticket, sequence } = of(offset, slot)
      boards.set(`${ticket}#${sequence}`, state)
    },
    /** What a board says of the latest delivery beside its state. */
    boardSays(offset: number, says: { attempt?: number; flags?: number }, slot = 0) {
      const { ticket } = of(offset, slot)
      if (says.attempt !== undefined) attempts.set(ticket, says.attempt)
      if (says.flags !== undefined) flags.set(ticket, says.flags)
    },
    ranWhenProcessDied: (offset: number, deaths: number) => processDeaths.set(offset, deaths),
    /** The thread has started a record by its permit. */
    usePermit: (thread: number) => permitsOf('work').delete(thread),
    /** A record tries to start. @returns whether it does, by a permit where starts are held */
    tryToStart(offset: number, slot = 0): boolean {
      const scope = held.has('work') ? 'work' : slot
      if (held.has(scope) && !permitsOf(scope).delete(of(offset, slot).thread)) return false
      this.board(offset, 'running', slot)
      return true
    },
    /** Its attempt fails, and the next is due later. */
    park(offset: number, failureFlags = 0, slot = 0) {
      const { ticket, attempt } = of(offset, slot)
      this.boardSays(offset, { attempt: (attempts.get(ticket) ?? attempt) + 1, flags: failureFlags }, slot)
      this.board(offset, 'parked', slot)
    },
    /** The latest delivery of each record ends so, and its ack arrives. */
    ack(offsets: readonly number[], outcome: keyof typeof Outcome | number = 'done', slot = 0, micros = 1_000) {
      for (const offset of offsets) this.ackOf(of(offset, slot), outcome, micros)
    },
    ackOf(
      { ticket, sequence, thread }: Sent & { thread: number },
      outcome: keyof typeof Outcome | number = 'done',
      micros = 1_000,
    ) {
      const ack = Int32Array.of(ticket, sequence, typeof outcome === 'number' ? outcome : Outcome[outcome], micros)
      engine.acks(thread, ack, ack.length / ACK_WORDS)
    },
    /** What the engine did to the outside since the last look. */
    calls: () => calls.splice(0),
    stores(): string[] {
      engine.storeWatermarks()
      return calls.splice(0).filter((call) => call.startsWith('store'))
    },
    isEmpty: () =>
      engine.inFlight.free === engine.inFlight.capacity &&
      engine.window.messages === 0 &&
      engine.window.bytes === 0 &&
      Array.from({ length: threads }, (_, thread) => engine.load(thread)).every((load) => load === 0),
  }
}

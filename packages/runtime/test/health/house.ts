/** The real engine, boards and stall detector, without Kafka and threads: what those would do is typed in. */
import { ACK_WORDS, type Effects, Outcome, WorkEngine, type WorkEngineOptions } from '@zk/engine'
import { onTestFinished, vi } from 'vitest'
import type { DeadLetterHealth } from '../../src/delivery/refusal-log.js'
import { CircuitLog } from '../../src/health/circuit-log.js'
import type { Stall } from '../../src/health/stall.js'
import { StallDetector } from '../../src/health/stall-detector.js'
import { type LoopTimes, ThreadLoops } from '../../src/health/thread-loops.js'
import { type PackedBatch, packRecords, TimestampType } from '../../src/kafka/packed-batch.js'
import type { Logger } from '../../src/log/logger.js'
import { Board, BoardWriter } from '../../src/threads/board.js'

export const TOPIC = 'orders'
export const STALL_MS = 30_000

export interface Line {
  level: string
  message: string
  fields: Record<string, unknown>
}

/** Its clocks stand still, but when time `passes`. */
export function house({
  threads = 1,
  windowMessages = 100,
  maxUncommittedRecords = 1_000,
  ...settings
}: Partial<WorkEngineOptions> & { windowMessages?: number } = {}) {
  vi.useFakeTimers({ toFake: ['performance', 'hrtime', 'Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const lines: Line[] = []
  const logger = Object.fromEntries(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [
      level,
      (fields: Record<string, unknown>, message: string) => lines.push({ level, message, fields }),
    ]),
  ) as unknown as Logger
  const nothing = () => {}
  const effects: Effects = {
    dispatch: (thread, tickets, count) => {
      for (const ticket of tickets.subarray(0, count)) {
        const { sequence, attempt } = engine.inFlight
        boards[thread]!.queue(ticket, sequence[ticket]!, attempt[ticket]!)
      }
    },
    deliveryState: (thread, ticket, sequence) => boards[thread]!.deliveryState(ticket, sequence),
    cut: (slot, epoch, above) => {
      for (const board of boards) board.cut(slot, epoch, above)
    },
    ...{ hold: nothing, pause: nothing, resume: nothing, store: nothing, drained: nothing, failed: nothing },
    ...{ stop: nothing, rewound: nothing, restart: nothing, deadLetter: nothing, completed: nothing },
    ...{ failureFlags: () => 0, processDeaths: (_slot, offset) => (ranAtDeath.has(offset) ? 1 : 0) },
    attemptOf: (thread, ticket) => boards[thread]!.attemptOf(ticket),
    circuitChanged: (scope, _from, to) => circuits.changed(scope, to),
    holdStarts: (scope, held) => {
      for (const board of boards) board.holdStarts(scope, held)
    },
    permitStart: (thread, scope) => boards[thread]!.permitStart(scope),
    withdrawPermit: (thread, scope) => boards[thread]!.withdrawPermit(scope),
  }
  const circuits = new CircuitLog(settings.circuit?.scope)
  /** Offsets that were running when an earlier process died. */
  const ranAtDeath = new Set<number>()
  let letters: Partial<DeadLetterHealth> | undefined
  const engine = new WorkEngine<PackedBatch>(
    {
      threads,
      concurrency: 4,
      ordering: 'key',
      affinity: 'hash',
      window: { minMessages: windowMessages, maxMessages: windowMessages, maxBytes: 100_000 },
      spareRows: 20,
      maxUncommittedRecords,
      onExhausted: 'complete',
      ...settings,
    },
    effects,
  )
  const boards = Array.from({ length: threads }, () => new Board(engine.inFlight.capacity))
  const writers = boards.map((board) => new BoardWriter(board.buffer))
  const times: LoopTimes[] = boards.map(() => ({ idle: 0, active: 0 }))
  const ended = boards.map(() => 0)
  const down = new Map<number, number>()
  const highs = new Map<number, number>()
  const readable = new Map<number, number>()
  const asked: number[] = []
  let frozen = false
  const loops = new ThreadLoops({ threads, timesOf: (thread) => times[thread], endedBy: (thread) => ended[thread]! })
  const detector = new StallDetector({
    sources: {
      ...{ engine, boards, loops, circuits },
      deadLetters: () => letters as DeadLetterHealth | undefined,
      isFrozen: () => frozen,
      downSince: (thread) => down.get(thread),
    },
    stallAfterMs: STALL_MS,
    logger,
    highWatermark: ({ partition }) => highs.get(partition),
    readableEnd: async ({ partition }) => {
      asked.push(partition)
      return readable.get(partition)
    },
  })
  /** The row of a record that is in progress. */
  const ticketOf = (offset: number, slot: number) => {
    const { phase, slot: slots, offset: offsets } = engine.inFlight
    const ticket = phase.findIndex((value, row) => value > 0 && slots[row] === slot && offsets[row] === offset)
    if (ticket < 0) throw new Error(`${slot}@${offset} is not in progress`)
    return ticket
  }

  return {
    engine,
    detector,
    down,
    /** Threads whose event loop does not turn. */
    stuck: new Set<number>(),
    get now() {
      return performance.now()
    },
    /** Assigns partitions 0 to n-1 and brings every thread up. */
    start(partitions = 1) {
      engine.assigned(Array.from({ length: partitions }, (_, partition) => ({ topic: TOPIC, partition })))
      for (let thread = 0; thread < threads; thread++) engine.threadUp(thread)
      return this
    },
    endsAt(at: number, slot = 0) {
      highs.set(slot, at)
    },
    /** Where what can be read ends, for a broker that is asked. */
    readableEndsAt(at: number, slot = 0) {
      readable.set(slot, at)
    },
    /** The broker's answers have arrived. */
    answered: () => new Promise((resolve) => setImmediate(resolve)),
    /** The partitions of which the broker was asked, since the last look at it. */
    asked: () => asked.splice(0),
    read(offsets: readonly number[], { slot = 0, key = 'a' as string | null, timestamp = 0 } = {}) {
      const records = offsets.map((offset) => ({
        ...{ slot, offset, timestamp, timestampType: TimestampType.create },
        ...{ key: key === null ? null : Buffer.from(key), value: Buffer.from('v'), headers: [] },
      }))
      engine.records(packRecords(records), Date.now())
      highs.set(slot, Math.max(highs.get(slot) ?? 0, ...offsets.map((offset) => offset + 1)))
    },
    /** Its handler was called so long ago. */
    begins(offset: number, { slot = 0, agoMs = 0 } = {}) {
      const ticket = ticketOf(offset, slot)
      const { thread, epoch } = engine.inFlight
      writers[thread[ticket]!]!.start(ticket, slot, epoch[ticket]!, offset, performance.now() - agoMs)
    },
    /** Its handler fails, and is tried again. */
    fails(offset: number, { slot = 0, againInMs = 0 } = {}) {
      const ticket = ticketOf(offset, slot)
      writers[engine.inFlight.thread[ticket]!]!.park(ticket, 2, performance.now() + againInMs)
    },
    finishes(offset: number, { slot = 0 } = {}) {
      this.ends(offset, 'done', slot)
    },
    failsForGood(offset: number, { slot = 0 } = {}) {
      this.ends(offset, 'failed', slot)
    },
    ends(offset: number, outcome: 'done' | 'failed', slot: number) {
      const ticket = ticketOf(offset, slot)
      const { thread: threads, sequence } = engine.inFlight
      const thread = threads[ticket]!
      writers[thread]!.end(ticket, outcome)
      ended[thread]!++
      const ack = Int32Array.of(ticket, sequence[ticket]!, Outcome[outcome], 1_000)
      engine.acks(thread, ack, ack.length / ACK_WORDS)
    },
    /** The thread dies with what runs in it, and its successor serves. */
    dies(thread: number) {
      engine.threadGone(thread)
      engine.threadUp(thread)
    },
    /** It was running when an earlier process died. */
    ranAtDeath: (offset: number) => void ranAtDeath.add(offset),
    /** What is known of the dead letter topic. */
    deadLetters(health: Partial<DeadLetterHealth>) {
      letters = { topic: 'orders.dlt', ...health }
    },
    /** Time passes, second after second. */
    passes(ms: number) {
      for (let passed = 0; passed < ms; passed += 1_000) {
        vi.advanceTimersByTime(1_000)
        for (const [thread, { idle, active }] of times.entries()) {
          const spins = this.stuck.has(thread)
          times[thread] = { idle: idle + (spins ? 0 : 900), active: active + (spins ? 1_000 : 100) }
        }
        this.look()
      }
      return this
    },
    /** The group does not say whose the partitions are. */
    doubts() {
      frozen = true
    },
    /** The process is frozen, and looks again afterwards. */
    freezes(ms: number) {
      vi.advanceTimersByTime(ms)
      this.look()
    },
    look() {
      engine.tick(performance.now(), Date.now())
      loops.tick(performance.now())
      detector.tick({ ms: performance.now(), wallMs: Date.now() })
    },
    stall(): Stall | undefined {
      return detector.stalls[0]
    },
    /** By partition: each look begins with another one. */
    stalls(): Stall[] {
      return detector.stalls.sort((a, b) => a.partition - b.partition)
    },
    /** What was logged since the last look at it. */
    logged: () => lines.splice(0),
  }
}

/** The real engine, boards and stall detector, without Kafka and threads: what those would do is typed in. */
import { ACK_WORDS, type Effects, Outcome, WorkEngine } from '@zk/engine'
import { onTestFinished, vi } from 'vitest'
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
export function house({ threads = 1, windowMessages = 100, maxUncommittedRecords = 1_000 } = {}) {
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
    ...{ attemptOf: () => 1, failureFlags: () => 0, processDeaths: () => 0, circuitChanged: nothing },
    ...{ holdStarts: nothing, permitStart: nothing, withdrawPermit: () => false },
  }
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
    sources: { engine, boards, loops, isFrozen: () => frozen, downSince: (thread) => down.get(thread) },
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
    ends(at: number, slot = 0) {
      highs.set(slot, at)
    },
    /** Where what can be read ends, for a broker that is asked. */
    readableEnds(at: number, slot = 0) {
      readable.set(slot, at)
    },
    /** The broker's answers have arrived. */
    answered: () => new Promise((resolve) => setImmediate(resolve)),
    /** The partitions of which the broker was asked, since the last look at it. */
    asked: () => asked.splice(0),
    read(offsets: readonly number[], { slot = 0, key = 'a' as string | null } = {}) {
      const records = offsets.map((offset) => ({
        ...{ slot, offset, timestamp: 0, timestampType: TimestampType.create },
        ...{ key: key === null ? null : Buffer.from(key), value: Buffer.from('v'), headers: [] },
      }))
      engine.records(packRecords(records))
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
      const ticket = ticketOf(offset, slot)
      const { thread: threads, sequence } = engine.inFlight
      const thread = threads[ticket]!
      writers[thread]!.end(ticket, 'done')
      ended[thread]!++
      const ack = Int32Array.of(ticket, sequence[ticket]!, Outcome.done, 1_000)
      engine.acks(thread, ack, ack.length / ACK_WORDS)
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
      loops.tick(performance.now())
      detector.tick({ ms: performance.now(), wallMs: Date.now() })
    },
    stall(): Stall | undefined {
      return detector.stalls[0]
    },
    /** What was logged since the last look at it. */
    logged: () => lines.splice(0),
  }
}

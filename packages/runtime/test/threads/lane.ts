/** An executor with a board and without a thread: what main would send is typed in. */
import { ACK_WORDS, InFlightTable, type Ordering } from '@zk/engine'
import { reviveError } from '../../src/describe-error.js'
import { type PackedBatch, packRecords, TimestampType } from '../../src/kafka/packed-batch.js'
import type {
  BatchContext,
  BatchProcessor,
  Message,
  ProcessContext,
  ProcessorParts,
} from '../../src/processor-types.js'
import type { AroundDelivery } from '../../src/threads/batch-context.js'
import { Board, BoardWriter } from '../../src/threads/board.js'
import type { CrashMarks } from '../../src/threads/crash-journal.js'
import { Executor } from '../../src/threads/executor.js'
import { packFrame } from '../../src/threads/frame.js'
import { readOutgoing } from '../../src/threads/outgoing-record.js'
import type { RetryPolicy } from '../../src/threads/retries.js'
import { packReports, readSends, type SendReport } from '../../src/threads/send-batch.js'
import { Outbox } from '../../src/threads/sends.js'

export const CAPACITY = 16
export const SLOT = 0

export type Handler = (message: Message<unknown>, ctx: ProcessContext) => unknown

export interface LaneOptions extends ProcessorParts<unknown> {
  concurrency?: number | 'auto'
  stopOnFailure?: boolean
  deadLetters?: boolean
  ordering?: Ordering
  retry?: Partial<RetryPolicy>
  circuitPerPartition?: boolean
  processTimeoutMs?: number
  maxExternalMb?: number
  marks?: CrashMarks
  decodesItself?: boolean
  /** The handler is `processBatch`. */
  batch?: { maxSize?: number; maxWaitMs?: number; around?: readonly AroundDelivery[] }
  /** Of each record; default: the same for all. Null for none. */
  keyOf?(offset: number): string | null
  /** Null for a tombstone; default: `v` and the offset. */
  textOf?(offset: number): string | null
}

export interface SendOptions {
  epoch?: number
  attempt?: number
  slot?: number
  /** What main says of the window: see `packFrame`. */
  flushAcks?: number
}

/** An executor whose records are rows 0, 1, 2 … of a table, with offsets like their rows. */
export function lane(handler: Handler, given: LaneOptions = {}) {
  const {
    concurrency = 4,
    stopOnFailure = false,
    deadLetters = false,
    ordering = 'none',
    retry,
    keyOf = () => 'k',
    textOf = (offset) => `v${offset}`,
    ...rest
  } = given
  const {
    processTimeoutMs = 60_000,
    circuitPerPartition = false,
    maxExternalMb,
    marks,
    decodesItself = false,
    batch,
    ...processor
  } = rest
  const board = new Board(CAPACITY)
  const acks: [ticket: number, outcome: number][] = []
  /** What each of them took. */
  const micros: number[] = []
  const failures: { ticket: number; error: Error; cause: string }[] = []
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = []
  const heard: [ticket: number, sequence: number][] = []
  const write = (level: string) => (fields: unknown, message?: unknown) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, message: String(message) })
  const posts: ReturnType<typeof readOutgoing>[][] = []
  const outbox = new Outbox((batch) => posts.push([...readSends(batch)].map(readOutgoing)))
  const executor = new Executor({
    ...handlingOf(handler as never, processor, batch),
    decodesItself,
    state: undefined,
    board: new BoardWriter(board.buffer),
    outbox,
    openFormat: (format) =>
      format.open?.({ registry: () => ({ request: () => Promise.reject(new Error('no registry here')) }) }),
    threadIndex: 0,
    concurrency,
    ordering,
    capacity: CAPACITY,
    stopOnFailure,
    deadLetters,
    retry: { attempts: 1, backoffMs: 1, maxBackoffMs: 1_000, jitter: 0, ...retry },
    circuitPerPartition,
    processTimeoutMs,
    maxExternalMb,
    marks,
    logFor: () => ({
      ...{ trace: write('trace'), debug: write('debug'), info: write('info') },
      ...{ warn: write('warn'), error: write('error'), fatal: write('fatal') },
    }),
    post: (buffer, failed) => {
      const words = new Int32Array(buffer)
      for (let at = 0; at < words.length; at += ACK_WORDS) {
        acks.push([words[at]!, words[at + 2]!])
        micros.push(words[at + 3]!)
      }
      for (const { ticket, error, cause } of failed) failures.push({ ticket, error: reviveError(error), cause })
    },
    heard: (ticket, sequence) => heard.push([ticket, sequence]),
  })
  for (const slot of [SLOT, SLOT + 1]) executor.name(slot, { topic: 'orders', partition: slot })
  let sequence = 0
  const sequences: number[] = []
  const send = (
    tickets: readonly number[],
    { epoch = 1, attempt = 1, slot = SLOT, flushAcks = 1_024 }: SendOptions = {},
  ) => {
    const table = new InFlightTable<PackedBatch>(CAPACITY)
    const bytes = (text: string | null) => (text === null ? null : Buffer.from(text))
    const keys = tickets.map((offset) => keyOf(offset))
    const batch = packRecords(
      tickets.map((offset, i) => ({
        slot,
        offset,
        timestamp: 0,
        timestampType: TimestampType.create,
        key: bytes(keys[i]!),
        value: bytes(textOf(offset)),
        headers: [],
      })),
    )
    for (const [i, ticket] of tickets.entries()) {
      table.batch[ticket] = batch
      table.index[ticket] = i
      table.slot[ticket] = slot
      table.epoch[ticket] = epoch
      table.offset[ticket] = ticket
      table.keyHash[ticket] = batch.keyHashes[i]!
      table.size[ticket] = batch.sizes[i]!
      table.attempt[ticket] = attempt
      table.sequence[ticket] = ++sequence
      sequences[ticket] = sequence
      board.queue(ticket, sequence, attempt)
    }
    executor.accept(packFrame(table, Int32Array.from(tickets), tickets.length, flushAcks))
  }
  return {
    ...{ executor, board, acks, micros, failures, lines, heard, send },
    /** What was posted to be sent, by message. */
    posts,
    /** Main's answers to sends. */
    answer(...reports: (Pick<SendReport, 'id'> & Partial<SendReport>)[]) {
      const whole = reports.map((report) => ({ partition: 2, offset: 40 + report.id, error: undefined, ...report }))
      const { reports: packed, errors } = packReports(whole)
      outbox.reported(packed, errors)
    },
    stateOf: (ticket: number) => board.deliveryState(ticket, sequences[ticket]!),
    sequenceOf: (ticket: number) => sequences[ticket]!,
    endOf: (ticket: number) => acks.find(([one]) => one === ticket)?.[1],
  }
}

export type BatchHandler = (messages: readonly Message<unknown>[], ctx: BatchContext) => unknown

/** The same for a handler of batches; they start with what there is, unless `batch` says otherwise. */
export function batchLane(handler: BatchHandler, given: LaneOptions = {}) {
  const batch = { maxSize: 8, maxWaitMs: 0, ...given.batch }
  return lane(handler as never, { ordering: 'key', concurrency: 1, ...given, batch })
}

function handlingOf(handler: never, parts: ProcessorParts<unknown>, batch: LaneOptions['batch']) {
  if (batch === undefined) return { processor: { ...parts, process: handler } }
  const processor: BatchProcessor<unknown> = { ...parts, processBatch: handler }
  return { processor, batches: { processor, around: [], maxSize: 8, maxWaitMs: 0, ...batch } }
}

export const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

/** A handler that fails so often for each offset before it succeeds, and what it saw. */
export function failing(times: Record<number, number>, error: () => unknown = () => new Error('not yet')) {
  const seen: [offset: number, attempt: number][] = []
  return {
    seen,
    handler: (message: { offset: number }, ctx: { attempt: number }) => {
      seen.push([message.offset, ctx.attempt])
      const left = times[message.offset] ?? 0
      times[message.offset] = left - 1
      if (left > 0) throw error()
    },
  }
}

/** Why a partition stands still: read from the in-flight table, the boards and the threads' event loops. */
import { Care, type PartitionAssignment, type PartitionSlot, Phase, type WorkEngine } from '@zk/engine'
import type { DeadLetterHealth } from '../delivery/refusal-log.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Board } from '../threads/board.js'
import { previewKey } from '../work/preview-key.js'
import type { CircuitLog, HeldCircuit } from './circuit-log.js'
import type { HeldWindow, RecordPlace, RunningHandler, Since, StallCause } from './stall.js'
import type { ThreadLoops } from './thread-loops.js'

export interface CauseSources {
  engine: WorkEngine<PackedBatch>
  boards: readonly Board[]
  loops: ThreadLoops
  circuits: CircuitLog
  /** Undefined without a dead letter topic. */
  deadLetters(): DeadLetterHealth | undefined
  /** Nothing starts until the group has confirmed the assignment. */
  isFrozen(): boolean
  /** When the thread was told to end or was seen dead, on main's clock; undefined while it serves. */
  downSince(thread: number): number | undefined
}

/** A moment on both clocks. */
export interface Now {
  /** Main's monotonic clock. */
  ms: number
  /** Milliseconds since 1970. */
  wallMs: number
}

export function sinceMs(now: Now, ms: number): Since {
  const forMs = Math.max(0, Math.round(now.ms - ms))
  return { since: new Date(now.wallMs - forMs).toISOString(), forMs }
}

/** The record at the watermark, which holds it back; undefined when none is in progress. */
export function headOf(engine: CauseSources['engine'], assignment: PartitionAssignment): number | undefined {
  const { phase, slot, epoch, offset } = engine.inFlight
  const { watermark } = assignment.tracker
  for (let ticket = 0; ticket < phase.length; ticket++) {
    if (phase[ticket] === Phase.free || slot[ticket] !== assignment.slot || epoch[ticket] !== assignment.epoch) continue
    if (offset[ticket] === watermark) return ticket
  }
  return undefined
}

/** Partitions of which the record at the watermark is not due yet: they wait by design. */
export function notDue(engine: CauseSources['engine']): ReadonlySet<PartitionSlot> {
  const slots = new Set<PartitionSlot>()
  if (![...engine.assignments].some(({ slot }) => engine.dueAt(slot) !== undefined)) return slots
  const { phase, slot, epoch, offset } = engine.inFlight
  for (let ticket = 0; ticket < phase.length; ticket++) {
    if (phase[ticket] !== Phase.waiting || engine.dueAt(slot[ticket]!) === undefined) continue
    const assignment = engine.assignments.find(slot[ticket]!, epoch[ticket]!)
    // What waits is in the partition's order: when it is at the watermark, the first that waits is this one.
    if (assignment?.tracker.watermark === offset[ticket]) slots.add(slot[ticket]!)
  }
  return slots
}

/**
 * @param stoodFrom since when the partition stands, on main's clock
 * @param head the record at its watermark
 * @returns undefined when it cannot be told yet: the thread's event loop has to be watched a little longer
 */
export function causeOf(
  sources: CauseSources,
  assignment: PartitionAssignment,
  head: number | undefined,
  now: Now,
  stoodFrom: number,
): StallCause | undefined {
  const { engine, downSince } = sources
  if (assignment.state === 'draining') {
    const handler = longestRunning(sources, now, ({ slot }) => slot === assignment.slot)
    return { type: 'draining', ...sinceMs(now, stoodFrom), handler }
  }
  const circuit = sources.circuits.holding(assignment.slot)
  if (head === undefined) {
    if (engine.demand().records > 0) return { type: 'broker-silent', ...sinceMs(now, stoodFrom) }
    return circuit?.scope === 'work' ? circuitOpen(circuit, now) : windowOf(sources, assignment.slot, now)
  }
  const { phase, thread: threads } = engine.inFlight
  if (phase[head] === Phase.deadLettering) return deadLetterOf(sources, now, stoodFrom)
  // One whose key moves has no thread yet: what it waits for was read before, in an assignment that has ended.
  if (phase[head] === Phase.waiting || phase[head] === Phase.moving) {
    return circuit === undefined ? windowOf(sources, assignment.slot, now) : circuitOpen(circuit, now)
  }
  const thread = threads[head]!
  const down = downSince(thread)
  if (down !== undefined) return { type: 'thread-starting', thread, ...sinceMs(now, down) }
  const runs = phase[head] === Phase.dispatched && handlerAt(sources, head, now) !== undefined
  if (!runs && circuit !== undefined) return circuitOpen(circuit, now)
  if (phase[head] === Phase.routed) {
    return aloneBefore(sources, thread, now) ?? { type: 'thread-starting', thread, ...sinceMs(now, stoodFrom) }
  }
  if (!runs && sources.isFrozen()) return { type: 'frozen', ...sinceMs(now, stoodFrom) }
  return inThread(sources, head, thread, now, stoodFrom)
}

/** The record was sent to a thread that serves: it runs there, or waits for what does. */
function inThread(
  sources: CauseSources,
  head: number,
  thread: number,
  now: Now,
  stoodFrom: number,
): StallCause | undefined {
  const { boards, loops, engine } = sources
  const board = boards[thread]!
  const own = handlerAt(sources, head, now)
  const handler = own ?? longestRunning(sources, now, (record) => record.thread === thread)
  const dueInMs = board.dueInMs(head, engine.inFlight.sequence[head]!)
  // Once it is due it waits for what runs there, as any other.
  if (dueInMs !== undefined && (dueInMs > 0 || handler === undefined)) {
    return { type: 'backoff', thread, attempt: board.attemptOf(head), dueInMs }
  }
  if (own === undefined && loops.progresses(thread)) {
    return { type: 'queued', thread, queued: board.queued, handler }
  }
  const turns = loops.turns(thread, handler === undefined ? stoodFrom : now.ms - handler.forMs)
  if (turns === undefined) return undefined
  if (!turns) return { type: 'spinning', thread, handler }
  return handler === undefined ? { type: 'unexplained', thread } : { type: 'sleeping', handler }
}

function deadLetterOf({ deadLetters }: CauseSources, now: Now, stoodFrom: number): StallCause {
  const { topic = '', refusingMs, oldestMs, reason } = deadLetters() ?? {}
  const forMs = refusingMs ?? oldestMs
  const since = sinceMs(now, forMs === undefined ? stoodFrom : now.ms - forMs)
  return {
    type: 'dead-letter',
    deadLetterTopic: topic,
    reason: refusingMs === undefined ? undefined : reason,
    ...since,
  }
}

function circuitOpen({ scope, state, since }: HeldCircuit, now: Now): StallCause {
  return { type: 'circuit-open', scope: scope === 'work' ? 'work' : 'partition', state, ...sinceMs(now, since) }
}

function aloneBefore(sources: CauseSources, thread: number, now: Now): StallCause | undefined {
  const { engine } = sources
  const ticket = engine.aloneBefore(thread)
  if (ticket === undefined) return undefined
  const { phase, care } = engine.inFlight
  const isSent = phase[ticket] === Phase.dispatched
  // Before its turn it waits itself for all that runs.
  const handler = isSent ? handlerAt(sources, ticket, now) : longestRunning(sources, now, () => true)
  const within = care[ticket] === Care.alone ? 'process' : 'thread'
  return { type: 'alone', within, record: placeOf(engine, ticket), handler }
}

function windowOf(sources: CauseSources, slot: PartitionSlot, now: Now): StallCause {
  const { inFlight, window, assignments } = sources.engine
  const held = new Map<PartitionSlot, { messages: number; bytes: number }>()
  for (let ticket = 0; ticket < inFlight.capacity; ticket++) {
    // What is neither free nor waiting has been let into the window.
    if (inFlight.phase[ticket]! < Phase.moving) continue
    const of = held.get(inFlight.slot[ticket]!) ?? { messages: 0, bytes: 0 }
    of.messages++
    of.bytes += inFlight.size[ticket]!
    held.set(inFlight.slot[ticket]!, of)
  }
  const by = window.freeBytes === 0 ? 'bytes' : 'messages'
  const nothing = [slot, { messages: 0, bytes: 0 }] as const
  const [holder, most] = [...held].sort(([, a], [, b]) => b[by] - a[by])[0] ?? nothing
  const heldBy: HeldWindow = { ...assignments.nameOf(holder), ...most }
  return { type: 'window', heldBy, handler: longestRunning(sources, now, (record) => record.slot === holder) }
}

function longestRunning(
  sources: CauseSources,
  now: Now,
  matches: (record: { slot: PartitionSlot; thread: number }) => boolean,
): RunningHandler | undefined {
  const { inFlight } = sources.engine
  let longest: RunningHandler | undefined
  for (const ticket of inFlight.dispatched()) {
    if (!matches({ slot: inFlight.slot[ticket]!, thread: inFlight.thread[ticket]! })) continue
    const handler = handlerAt(sources, ticket, now)
    if (handler !== undefined && handler.forMs > (longest?.forMs ?? -1)) longest = handler
  }
  return longest
}

/** Undefined when the board does not show it as running. */
function handlerAt({ engine, boards }: CauseSources, ticket: number, now: Now): RunningHandler | undefined {
  const { thread, sequence } = engine.inFlight
  const board = boards[thread[ticket]!]!
  const ran = board.runningMs(ticket, sequence[ticket]!)
  if (ran === undefined) return undefined
  // The board's: attempts that failed in the thread are told to the engine at the end.
  const by = { thread: thread[ticket]!, attempt: board.attemptOf(ticket) }
  return { ...placeOf(engine, ticket), ...by, ...sinceMs(now, now.ms - ran) }
}

function placeOf(engine: CauseSources['engine'], ticket: number): RecordPlace {
  const { slot, offset, batch, index } = engine.inFlight
  const { topic, partition } = engine.assignments.nameOf(slot[ticket]!)
  return { topic, partition, offset: offset[ticket]!, key: previewKey(batch[ticket]!, index[ticket]!) }
}

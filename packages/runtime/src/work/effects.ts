/** The engine's effects, carried out on threads, consumer and commits. */
import { type CircuitScope, type CircuitState, type Effects, MAX_ACK_MICROS, type PartitionSlot } from '@zk/engine'
import { valuesOfRows } from '../hooks/packed-values.js'
import { packFrame } from '../threads/frame.js'
import type { Parts } from './parts.js'

/** Places in a frame are 32-bit numbers. A larger record goes alone. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024

/** @param parts looked up at each effect: the engine is made first, and has none to give yet */
export function effectsOn(parts: () => Parts): Effects {
  return {
    dispatch: (thread, tickets, count) => {
      const { engine, host } = parts()
      const { sequence, attempt } = engine.inFlight
      const board = host.boards[thread]!
      for (let i = 0; i < count; i++) {
        const ticket = tickets[i]!
        board.queue(ticket, sequence[ticket]!, attempt[ticket]!)
      }
      // A quarter of a thread's share of the window: with more acks kept back, it would be full of what has ended. Nothing
      // follows a record that has to be alone.
      const share = Math.max(1, Math.floor(engine.window.maxMessages / host.boards.length / 4))
      const flushAcks = engine.aloneBefore(thread) === undefined ? share : 0
      // Nearly always one: what has gathered for a thread that is gone may be the whole of a large window.
      if (engine.window.bytes <= MAX_FRAME_BYTES) sendFrame(parts(), thread, tickets, count, flushAcks)
      else
        for (const part of split(tickets.subarray(0, count), engine.inFlight.size))
          sendFrame(parts(), thread, part, part.length, flushAcks)
    },
    deliveryState: (thread, ticket, sequence) => parts().host.boards[thread]!.deliveryState(ticket, sequence),
    attemptOf: (thread, ticket) => parts().host.boards[thread]!.attemptOf(ticket),
    failureFlags: (thread, ticket) => parts().host.boards[thread]!.flagsOf(ticket),
    hold: (held) => {
      for (const board of parts().host.boards) board.hold(held)
    },
    cut: (slot, epoch, aboveOffset) => {
      const { host } = parts()
      for (const board of host.boards) board.cut(slot, epoch, aboveOffset)
      // What waits there for another attempt has no event by which it would notice.
      host.wake()
    },
    pause: (slot) => parts().consumer.setPaused(slot, true),
    resume: (slot) => parts().consumer.setPaused(slot, false),
    store: (slot, offset, finished) => {
      const { commits, engine } = parts()
      commits.stored(engine.assignments.at(slot)!, offset, finished)
    },
    rewound: (slot, from, to) => tellRewound(parts(), slot, from, to),
    restart: (slot, offset) => {
      const { consumer, engine } = parts()
      consumer.restart(engine.assignments.nameOf(slot), offset)
    },
    drained: (slots, complete) => parts().ownership.drained(slots, complete),
    failed: (ticket) => parts().failures.report(ticket),
    deadLetter: (ticket) => parts().letters.write(ticket),
    completed: (ticket, how, micros) => {
      const { crashes, done, engine, failures, host, letters, meter } = parts()
      if (meter !== undefined) {
        const { batch, index, thread } = engine.inFlight
        meter.completed(thread[ticket]!, micros, batch[ticket]!.timestamps[index[ticket]!]!)
      }
      if (crashes?.isEmpty === false) {
        const { slot, offset } = engine.inFlight
        crashes.ended(engine.assignments.nameOf(slot[ticket]!), offset[ticket]!)
      }
      if (!done.any) return
      const isKnown = micros >= 0 && micros < MAX_ACK_MICROS
      const durationMs = isKnown ? micros / 1_000 : undefined
      // The engine hears of attempts only where a record fails.
      const attempts = host.boards[engine.inFlight.thread[ticket]!]!.attemptOf(ticket)
      if (how === 'done') done.tell(ticket, how, { durationMs, attempts })
      else done.tell(ticket, how, { durationMs, ...(letters.reasonOf(ticket) ?? failures.reasonOf(ticket)) })
    },
    processDeaths: (slot, offset) => {
      const { crashes, engine } = parts()
      return crashes?.deathsOf(engine.assignments.nameOf(slot), offset) ?? 0
    },
    holdStarts: (scope, held) => {
      const { host } = parts()
      for (const board of host.boards) board.holdStarts(scope, held)
      host.wake()
    },
    permitStart: (thread, scope) => {
      const { host } = parts()
      host.boards[thread]!.permitStart(scope)
      host.wake()
    },
    withdrawPermit: (thread, scope) => parts().host.boards[thread]!.withdrawPermit(scope),
    circuitChanged: (scope, from, to) => {
      parts().circuits.changed(scope, to)
      tellCircuit(parts(), scope, from, to)
    },
    stop: (reason) => {
      const { endings, failures } = parts()
      endings.end({ type: 'fail', error: failures.stopError(reason) })
    },
  }
}

function sendFrame(
  { engine, hooks, host }: Parts,
  thread: number,
  tickets: Int32Array,
  count: number,
  flushAcks: number,
) {
  const frame = packFrame(engine.inFlight, tickets, count, flushAcks)
  const values = hooks.givesValues ? valuesOfRows(engine.inFlight, tickets, count) : undefined
  if (values === undefined) host.send(thread, frame)
  else host.sendWithValues(thread, frame, values)
}

/** Into what fits into a frame each. */
export function* split(tickets: Int32Array, sizes: ArrayLike<number>): Generator<Int32Array> {
  let from = 0
  let bytes = 0
  for (let i = 0; i < tickets.length; i++) {
    const size = sizes[tickets[i]!]!
    if (bytes + size > MAX_FRAME_BYTES && i > from) {
      yield tickets.subarray(from, i)
      from = i
      bytes = 0
    }
    bytes += size
  }
  yield tickets.subarray(from)
}

function tellRewound({ engine, logger }: Parts, slot: PartitionSlot, from: number, to: number): void {
  const { topic, partition } = engine.assignments.nameOf(slot)
  logger.warn(
    { topic, partition, from, to },
    `Reading of ${topic}[${partition}] went back from offset ${from} to ${to}: the log was truncated or made anew, or the position was set back`,
  )
}

function tellCircuit(
  { engine, hooks, logger, emit }: Parts,
  scope: CircuitScope,
  from: CircuitState,
  to: CircuitState,
): void {
  const partition = scope === 'work' ? undefined : engine.assignments.nameOf(scope)
  const where = partition === undefined ? 'The circuit' : `The circuit of ${partition.topic}[${partition.partition}]`
  const sentence = {
    open: `${where} is open: too many records failed in a row. None starts for a while; reading goes on`,
    'half-open': `${where} is half-open: one record is tried`,
    closed: `${where} is closed: records start again`,
  }[to]
  if (to === 'open') logger.warn({ ...partition, from, to }, sentence)
  else logger.info({ ...partition, from, to }, sentence)
  emit({ type: 'circuit', partition, from, to })
  hooks.circuitChanged(partition, from, to)
}

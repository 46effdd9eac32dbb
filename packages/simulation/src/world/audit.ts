/** An engine's own numbers against a count of its rows: cheap enough to be looked at now and then. */
import { Phase } from '@zk/engine'
import { Violation } from '../checker/violation.js'
import type { SimBatch } from './batch.js'
import type { Member } from './member.js'

/** @throws Violation at the first number that is not what the rows say */
export function audit({ engine, threads, id, world, completions }: Member): void {
  const { inFlight, window, counters } = engine
  const alive = new Map<SimBatch, number>()
  let rows = 0
  let [letters, held, waits] = [0, 0, false]
  for (let ticket = 0; ticket < inFlight.capacity; ticket++) {
    const phase = inFlight.phase[ticket]
    if (phase === Phase.free) continue
    if (phase === Phase.deadLettering) letters++
    if (phase === Phase.held) held++
    // One whose time has not come is none that waits for room.
    if (phase === Phase.waiting) waits ||= engine.dueAt(inFlight.slot[ticket]!) === undefined
    rows++
    const batch = inFlight.batch[ticket]!
    alive.set(batch, (alive.get(batch) ?? 0) + 1)
  }
  if (world.shape.reportCompletions) same(id, 'records processed', completions, counters.processed)
  let load = 0
  for (let thread = 0; thread < threads.length; thread++) load += engine.load(thread)
  same(id, 'free rows', inFlight.capacity - rows, inFlight.free)
  same(id, 'messages in the window', load + held + letters, window.messages)
  for (const [batch, live] of alive) {
    same(id, 'live records of a batch', live, batch.live)
    if (batch.released) throw new Violation('I8', `process ${id}: a batch was released while rows point to it`)
  }
  if (held > 0 && load === 0) throw new Violation('I6', `process ${id}: records of a key that moves wait for nothing`)
  if (waits && window.messages === 0) throw new Violation('I6', `process ${id}: records wait for an empty window`)
}

function same(process: number, what: string, counted: number, told: number): void {
  if (counted !== told) throw new Violation('I7', `process ${process}, ${what}: ${told} told, ${counted} counted`)
}

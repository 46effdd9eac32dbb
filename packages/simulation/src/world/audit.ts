/** An engine's own numbers against a count of its rows: cheap enough to be looked at now and then. */
import { Phase } from '@zk/engine'
import { Violation } from '../checker/violation.js'
import type { SimBatch } from './batch.js'
import type { Member } from './member.js'

/** @throws Violation at the first number that is not what the rows say */
export function audit({ engine, threads, id, world, completions }: Member): void {
  const { inFlight, window, counters } = engine
  const { slot, keyHash } = inFlight
  const keyOf = (ticket: number) =>
    world.shape.ordering === 'partition' ? `${slot[ticket]}` : `${slot[ticket]}/${keyHash[ticket]}`
  const alive = new Map<SimBatch, number>()
  let rows = 0
  let [letters, waits] = [0, false]
  const moving: string[] = []
  const routed = new Set<string>()
  for (let ticket = 0; ticket < inFlight.capacity; ticket++) {
    const phase = inFlight.phase[ticket]
    if (phase === Phase.free) continue
    if (phase === Phase.deadLettering) letters++
    if (phase === Phase.moving) moving.push(keyOf(ticket))
    else if (phase !== Phase.waiting && phase !== Phase.deadLettering) routed.add(keyOf(ticket))
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
  same(id, 'messages in the window', load + moving.length + letters, window.messages)
  for (const [batch, live] of alive) {
    same(id, 'live records of a batch', live, batch.live)
    if (batch.released) throw new Violation('I8', `process ${id}: a batch was released while rows point to it`)
  }
  if (!moving.every((key) => routed.has(key)))
    throw new Violation('I6', `process ${id}: a key that moves waits for nothing`)
  if (waits && window.messages === 0) throw new Violation('I6', `process ${id}: records wait for an empty window`)
}

function same(process: number, what: string, counted: number, told: number): void {
  if (counted !== told) throw new Violation('I7', `process ${process}, ${what}: ${told} told, ${counted} counted`)
}

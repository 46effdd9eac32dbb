/** The circuit breakers of an engine against a naive one that has its table and knows when each attempt started. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CircuitState, FailureFlag, Outcome } from '../src/effects.js'
import { desk } from './desk.js'

const FLAGGED = FailureFlag.noCircuitBreak
const ATTEMPTS = 3
const PARTITIONS = 2
const THREADS = 2

interface Attempted {
  readonly slot: number
  readonly offset: number
  attempt: number
  /** Unsent: it waits for one to end that is tried alone, because it has killed its thread. */
  state: 'unsent' | 'queued' | 'running' | 'parked'
  /** How often its circuit had opened when the attempt started. */
  generation: number
  /** Its partition was given away: what becomes of it tells nothing. */
  isOver: boolean
  /** It ran when its thread died: it is tried alone, and what is routed to its thread waits until it has ended. */
  isTried: boolean
}

/** closed → open after so many failures in a row → half-open when its time is up → closed or open, as the probe ends. */
class NaiveCircuit {
  state: CircuitState = 'closed'
  generation = 0
  /** The attempt of the probe that has failed with another to follow: known to the engine by its next look. */
  failed: { record: Attempted; flags: number } | undefined
  readonly changes: string[] = []
  readonly #after: number
  readonly #forMs: number
  #failures = 0
  #until: number | undefined

  constructor(after: number, forMs: number) {
    this.#after = after
    this.#forMs = forMs
  }

  ended(record: Attempted, isFailure: boolean): void {
    if (record.isOver || record.generation !== this.generation) return
    this.#failures = isFailure ? this.#failures + 1 : 0
    if (!isFailure) this.#become('closed')
    else if (this.state === 'half-open' || this.#failures >= this.#after) this.#become('open')
  }

  /** Of anything but a probe it is no outcome. */
  failedOnce(record: Attempted, flags: number): void {
    if (this.state !== 'half-open' || record.isOver || record.generation !== this.generation) return
    this.failed = { record, flags }
  }

  look(): void {
    if (this.failed !== undefined) this.ended(this.failed.record, (this.failed.flags & FLAGGED) === 0)
  }

  tick(now: number): void {
    if (this.state !== 'open') {
      this.look()
      return
    }
    // Its time begins with the first tick that finds it open.
    this.#until ??= now + this.#forMs
    if (now >= this.#until) this.#become('half-open')
  }

  #become(state: CircuitState): void {
    if (state === this.state) return
    this.changes.push(`${this.state} to ${state}`)
    if (state === 'open') this.generation++
    this.state = state
    this.failed = undefined
    this.#until = undefined
  }
}

const actions = [
  ...([
    'read',
    'read',
    'idle',
    'start',
    'start',
    'start',
    'succeed',
    'fail',
    'fail',
    'fail',
    'failFlagged',
    'die',
  ] as const),
  ...([
    'park',
    'park',
    'parkFlagged',
    'parkFlagged',
    'handBack',
    'tick',
    'dieBlamed',
    'giveAway',
    'tick',
    'tick',
    'tick',
  ] as const),
]
const step = fc.record({
  action: fc.constantFrom(...actions),
  /** Which record, thread or partition. */
  at: fc.nat({ max: 1_000 }),
  ms: fc.constantFrom(100, 300),
})
const run = fc.record({
  after: fc.constantFrom(1, 1, 2, 3),
  forMs: fc.constantFrom(0, 50, 300),
  scope: fc.constantFrom('work', 'partition'),
  steps: fc.array(step, { minLength: 20, maxLength: 300 }),
})

test('agree with a naive table, whatever fails, is tried again, gets lost or dies in whatever order', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(run, ({ after, forMs, scope, steps }) => {
      const circuits = [new NaiveCircuit(after, forMs), new NaiveCircuit(after, forMs)] as const
      const circuitOf = (slot: number) => (scope === 'work' ? circuits[0] : circuits[slot]!)
      const work = desk({ circuit: { after, forMs, scope }, threads: THREADS, concurrency: 100, attempts: ATTEMPTS })
      work.start(PARTITIONS)
      let records: Attempted[] = []
      let offset = 0
      let now = 0

      const pick = (at: number, matches: (record: Attempted) => boolean) => {
        const found = records.filter(matches)
        return found[at % found.length]
      }
      const isRunning = ({ state }: Attempted) => state === 'running'
      const isStartable = ({ state }: Attempted) => state === 'queued' || state === 'parked'
      const forget = (gone: Attempted) => (records = records.filter((record) => record !== gone))
      const read = (slot: number) => {
        // Of a key of its own: it waits for nothing but its circuit.
        work.read([offset], { slot, hash: offset })
        records.push({ slot, offset, attempt: 1, state: 'unsent', generation: -1, isOver: false, isTried: false })
        offset++
      }
      const start = (record: Attempted) => {
        const circuit = circuitOf(record.slot)
        const isProbed =
          circuit.failed !== undefined ||
          records.some((other) => isRunning(other) && isOf(circuit, other) && other.generation === circuit.generation)
        const starts = work.tryToStart(record.offset, record.slot)
        if (circuit.state === 'closed') expect(starts).toBe(true)
        if (circuit.state === 'open') expect(starts).toBe(false)
        if (circuit.state === 'half-open' && isProbed) expect(starts).toBe(false)
        if (!starts) return
        record.state = 'running'
        record.generation = circuit.generation
      }
      /** Threads try one after the other, and a circuit lets few of them. */
      const startSome = (at: number) => {
        const idle = records.filter(isStartable)
        for (let i = 0; i < 8 && i < idle.length; i++) start(idle[(at + i) % idle.length]!)
      }
      const isOf = (circuit: NaiveCircuit, record: Attempted) => circuitOf(record.slot) === circuit && !record.isOver
      const end = (record: Attempted, word: number) => {
        if (word !== Outcome.discarded) circuitOf(record.slot).ended(record, word === Outcome.failed)
        forget(record)
        if (record.attempt > 1) work.boardSays(record.offset, { attempt: record.attempt }, record.slot)
        work.ack([record.offset], word, record.slot)
      }
      const park = (record: Attempted, flags: number) => {
        if (record.attempt === ATTEMPTS) return
        circuitOf(record.slot).failedOnce(record, flags)
        work.park(record.offset, flags, record.slot)
        record.attempt++
        record.state = 'parked'
      }
      const die = (thread: number, guilty: Attempted | undefined) => {
        const isThere = ({ offset, slot, state }: Attempted) =>
          state !== 'unsent' && work.delivery(offset, slot).thread === thread
        for (const circuit of circuits) if (circuit.failed && isThere(circuit.failed.record)) circuit.look()
        if (guilty !== undefined && !guilty.isOver) {
          const circuit = circuitOf(guilty.slot)
          if (guilty.attempt === ATTEMPTS) {
            circuit.ended(guilty, true)
            forget(guilty)
          } else {
            circuit.failedOnce(guilty, 0)
            circuit.look()
            guilty.attempt++
          }
        }
        const tickets = guilty === undefined ? [] : [work.delivery(guilty.offset, guilty.slot).ticket]
        const there = records.filter(isThere)
        work.engine.threadGone(thread, { guilty: tickets })
        work.engine.threadUp(thread)
        records = records.filter((record) => !there.includes(record) || !record.isOver)
        for (const record of there) {
          record.isTried ||= isRunning(record)
          record.state = 'unsent'
        }
      }
      const giveAway = (slot: number) => {
        work.engine.gone([slot])
        const circuit = circuitOf(slot)
        if (circuit.failed?.record.slot === slot) circuit.failed = undefined
        for (const record of records.filter((record) => record.slot === slot && !record.isOver)) {
          record.isOver = true
          if (isRunning(record)) continue
          forget(record)
          if (record.state !== 'unsent') work.ack([record.offset], 'discarded', slot)
        }
        work.assign(slot)
      }
      const tick = (ms: number) => {
        now += ms
        for (const circuit of circuits) circuit.tick(now)
        work.engine.tick(now)
      }
      const act = ({ action, at, ms }: { action: (typeof actions)[number]; at: number; ms: number }) => {
        const slot = at % PARTITIONS
        if (action === 'tick') for (let i = at % 3; i >= 0; i--) tick(ms)
        else if (action === 'read' && records.length < 50) read(slot)
        else if (action === 'idle') work.engine.reachedEnd(slot, offset)
        else if (action === 'die') die(at % THREADS, undefined)
        else if (action === 'giveAway' && at % 5 === 0) giveAway(slot)
        else if (action === 'start') startSome(at)
        const running = pick(at, isRunning)
        if (running === undefined) return
        if (action === 'succeed') end(running, Outcome.done)
        else if (action === 'fail') end(running, Outcome.failed)
        else if (action === 'failFlagged') end(running, Outcome.failed | FLAGGED)
        else if (action === 'handBack') end(running, Outcome.discarded)
        else if (action === 'park' && !running.isOver) park(running, 0)
        else if (action === 'parkFlagged' && !running.isOver) park(running, FLAGGED)
        else if (action === 'dieBlamed') die(work.delivery(running.offset, running.slot).thread, running)
      }
      const look = () => {
        for (let thread = 0; thread < THREADS; thread++) {
          for (const { slot, offset } of work.sent(thread)) {
            records.find((record) => record.slot === slot && record.offset === offset)!.state = 'queued'
          }
        }
        for (const call of work.calls()) {
          const [, of, change] = /^(work|slot \d) (\S+ to \S+)$/.exec(call) ?? []
          if (of === undefined || change === undefined) continue
          seen.set(change, (seen.get(change) ?? 0) + 1)
          expect(circuitOf(of === 'work' ? 0 : Number(of.at(-1))).changes.shift()).toBe(change)
        }
        for (const circuit of circuits) expect(circuit.changes).toEqual([])
      }
      for (const one of steps) {
        act(one)
        look()
      }
      // What handlers call is there again: no circuit stays open, and nothing is left, but for what hangs in partitions of before.
      // Of those the ones that are tried alone end too: nothing may run beside them.
      for (let slot = 0; slot < PARTITIONS; slot++) read(slot)
      look()
      for (let turn = 0; turn < 40; turn++) {
        for (const record of records.filter((record) => isRunning(record) && (!record.isOver || record.isTried))) {
          end(record, Outcome.done)
        }
        for (const record of records.filter(isStartable)) start(record)
        tick(100)
        look()
      }
      expect([records.filter(({ isOver }) => !isOver), circuits.map(({ state }) => state)]).toEqual([
        [],
        ['closed', 'closed'],
      ])
    }),
    { numRuns: 500 },
  )
  // A run in which nothing changes proves nothing.
  expect([...seen.keys()].sort()).toEqual(
    ['closed to open', 'half-open to closed', 'half-open to open', 'open to half-open'].sort(),
  )
})

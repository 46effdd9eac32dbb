/**
 * The circuit breakers of a work, one for all of it or one for each partition, and the probes of those that are half-open.
 *
 * While one is open no delivery of its scope starts, wherever it waits; reading and what runs go on. What had started
 * before says nothing about the time after, so it is not counted.
 *
 * A probe is a permit for one start. Its attempt decides, also where it fails and another is to follow: waiting for that one
 * would mean that nothing starts for a backoff, or that more than one record is tried. A probe that comes to no outcome (handed
 * back, its partition gone, or its thread died by another's guilt) leaves the circuit half-open, and another record is tried
 * at the next look.
 */
import type { AssignmentTable } from './assignment.js'
import { CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.js'
import { hasStarted, stateOf } from './delivery-state.js'
import { type CircuitScope, type Effects, FailureFlag } from './effects.js'
import { type InFlightTable, NEVER } from './in-flight-table.js'
import type { PartitionSlot, RecordBatch } from './record-batch.js'

interface Circuit {
  readonly scope: CircuitScope
  readonly breaker: CircuitBreaker
  /** The thread that was permitted to start one record, since it is half-open. */
  permitted: number | undefined
  /** Whether it has, as far as we know. */
  isUsed: boolean
  /** The thread that was permitted last: another comes first the next time, in case that one is stuck. */
  last: number
}

export class Circuits {
  readonly #options: CircuitBreakerOptions
  readonly #threads: number
  readonly #table: InFlightTable<RecordBatch>
  readonly #assignments: AssignmentTable
  readonly #effects: Effects
  readonly #circuits = new Map<CircuitScope, Circuit>()
  /** The one for all partitions, if that is how it is. */
  readonly #whole: Circuit | undefined

  constructor(
    options: CircuitBreakerOptions & { scope: 'work' | 'partition' },
    threads: number,
    table: InFlightTable<RecordBatch>,
    assignments: AssignmentTable,
    effects: Effects,
  ) {
    this.#options = options
    this.#threads = threads
    this.#table = table
    this.#assignments = assignments
    this.#effects = effects
    this.#whole = options.scope === 'work' ? this.#circuitOf('work') : undefined
  }

  /** Whether records of the partition may not start, or only a probe. */
  holdsBack(slot: PartitionSlot): boolean {
    const circuit = this.#whole ?? this.#circuits.get(slot)
    return circuit !== undefined && circuit.breaker.state !== 'closed'
  }

  /** A delivery has come to its final outcome. Called for every record. */
  count(ticket: number, failed: boolean): void {
    if (this.#isOfBefore(ticket)) return
    const circuit = this.#whole ?? this.#circuitOf(this.#table.slot[ticket]!)
    if (!failed && circuit.breaker.isCalm) return
    // It was about to find that it may not start when its thread died.
    if (circuit.breaker.state === 'open' || this.#hadNoPermit(circuit, ticket)) return
    this.#change(circuit, () => circuit.breaker.count(failed))
  }

  /**
   * An attempt of a delivery may have failed with another to follow. Of a probe that is the outcome; everything else counts
   * when it has failed for good.
   *
   * @param next the attempt that follows, as the board has it unless said otherwise
   * @param flags `FailureFlag`s, likewise
   * @returns whether it was a probe
   */
  countAttempt(ticket: number, next = this.#attemptOf(ticket), flags = this.#flagsOf(ticket)): boolean {
    const { countsFrom, slot } = this.#table
    const circuit = this.#whole ?? this.#circuits.get(slot[ticket]!)
    if (circuit?.breaker.state !== 'half-open' || next <= countsFrom[ticket]!) return false
    if (this.#hadNoPermit(circuit, ticket)) return false
    this.#change(circuit, () => circuit.breaker.count((flags & FailureFlag.noCircuitBreak) === 0))
    return true
  }

  /** @param now a monotonic clock in milliseconds */
  tick(now: number): void {
    for (const circuit of this.#circuits.values()) {
      if (circuit.breaker.state === 'closed') continue
      this.#change(circuit, () => circuit.breaker.look(now))
      if (circuit.breaker.state === 'half-open') this.#followProbe(circuit)
    }
  }

  #change(circuit: Circuit, step: () => void): void {
    const { breaker, scope } = circuit
    const from = breaker.state
    step()
    const to = breaker.state
    if (to === from) return
    if (to === 'open') this.#open(circuit)
    else if (to === 'closed') this.#effects.holdStarts(scope, false)
    this.#effects.circuitChanged(scope, from, to)
  }

  #open(circuit: Circuit): void {
    // Held: what has started by now is of the time before, and what has not will find that it may not.
    this.#effects.hold(true)
    this.#effects.holdStarts(circuit.scope, true)
    for (const ticket of this.#table.dispatched()) {
      if (!this.#isIn(circuit, ticket)) continue
      // In this order: one that fails between the two must not look as if it had been tried since.
      const isOld = this.#hasStarted(ticket)
      this.#table.countsFrom[ticket] = this.#attemptOf(ticket) + (isOld ? 1 : 0)
    }
    this.#effects.hold(false)
    circuit.permitted = undefined
  }

  /** Sees what has become of the probe; where there is none any more, or not yet, another record is permitted. */
  #followProbe(circuit: Circuit): void {
    const { countsFrom, thread } = this.#table
    const candidates = new Set<number>()
    let isRunning = false
    for (const ticket of this.#table.dispatched()) {
      // Of a partition that has gone nothing starts, and what runs on comes to no outcome.
      if (!this.#isIn(circuit, ticket) || !this.#isOurs(ticket)) continue
      const hasStarted = this.#hasStarted(ticket)
      if (this.countAttempt(ticket)) return
      const attempt = this.#attemptOf(ticket)
      if (!hasStarted) {
        // It may have been about to start when the circuit opened, and found that it may not.
        countsFrom[ticket] = attempt
        candidates.add(thread[ticket]!)
      } else if (attempt === countsFrom[ticket]) isRunning = true
    }
    if (!isRunning) this.#permit(circuit, candidates)
  }

  #permit(circuit: Circuit, candidates: ReadonlySet<number>): void {
    if (circuit.permitted !== undefined && !circuit.isUsed) {
      circuit.isUsed = !this.#effects.withdrawPermit(circuit.permitted, circuit.scope)
      // It has started since we looked, or was handed back: the next look tells.
      if (circuit.isUsed) return
      circuit.permitted = undefined
    }
    for (let i = 1; i <= this.#threads; i++) {
      const next = (circuit.last + i) % this.#threads
      if (!candidates.has(next)) continue
      circuit.permitted = next
      circuit.isUsed = false
      circuit.last = next
      this.#effects.permitStart(next, circuit.scope)
      return
    }
  }

  /** While half-open. What its thread showed as running, and nobody permitted, has not started. */
  #hadNoPermit({ breaker, permitted }: Circuit, ticket: number): boolean {
    return breaker.state === 'half-open' && this.#table.thread[ticket] !== permitted
  }

  #isOfBefore(ticket: number): boolean {
    const { attempt, countsFrom } = this.#table
    const from = countsFrom[ticket]!
    // Nearly always the table's word is enough; of later attempts the board knows, but not of what was never sent.
    return attempt[ticket]! < from && (from === NEVER || this.#attemptOf(ticket) < from)
  }

  #hasStarted(ticket: number): boolean {
    return hasStarted(stateOf(ticket, this.#table, this.#effects))
  }

  #attemptOf(ticket: number): number {
    return this.#effects.attemptOf(this.#table.thread[ticket]!, ticket)
  }

  #flagsOf(ticket: number): number {
    return this.#effects.failureFlags(this.#table.thread[ticket]!, ticket)
  }

  #isIn({ scope }: Circuit, ticket: number): boolean {
    return scope === 'work' || this.#table.slot[ticket] === scope
  }

  #isOurs(ticket: number): boolean {
    const { slot, epoch } = this.#table
    return this.#assignments.find(slot[ticket]!, epoch[ticket]!) !== undefined
  }

  #circuitOf(scope: CircuitScope): Circuit {
    let circuit = this.#circuits.get(scope)
    if (circuit === undefined) {
      circuit = {
        scope,
        breaker: new CircuitBreaker(this.#options),
        permitted: undefined,
        isUsed: false,
        last: this.#threads - 1,
      }
      this.#circuits.set(scope, circuit)
    }
    return circuit
  }
}

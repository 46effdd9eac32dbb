/**
 * The circuit breakers of a work, one for all of it or one for each partition, and the probes of those that are half-open.
 *
 * While one is open no delivery of its scope starts, wherever it waits; reading and what runs go on. What had started
 * before says nothing about the time after, so its outcome is not counted. A probe is a permit for one start: that
 * delivery's outcome decides. One that comes to no outcome (handed back, its partition gone, or its thread died by another's guilt) leaves
 * the circuit half-open, and another record is tried at the next look.
 */
import type { AssignmentTable } from './assignment.js'
import { CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.js'
import { hasStarted, stateOf } from './delivery-state.js'
import type { CircuitScope, Effects } from './effects.js'
import type { InFlightTable } from './in-flight-table.js'
import type { PartitionSlot, RecordBatch } from './record-batch.js'

interface Circuit {
  readonly scope: CircuitScope
  readonly breaker: CircuitBreaker
  /** The thread that may start one record, as far as we know. */
  permitted: number | undefined
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
    if (this.#table.uncounted[ticket] === 1) return
    const circuit = this.#whole ?? this.#circuitOf(this.#table.slot[ticket]!)
    if (!failed && circuit.breaker.isCalm) return
    // It was about to find that it may not start when its thread died.
    if (circuit.breaker.state === 'open') return
    this.#change(circuit, () => circuit.breaker.count(failed))
  }

  /** @param now a monotonic clock in milliseconds */
  tick(now: number): void {
    for (const circuit of this.#circuits.values()) {
      if (circuit.breaker.state === 'closed') continue
      this.#change(circuit, () => circuit.breaker.look(now))
      if (circuit.breaker.state === 'half-open') this.#probe(circuit)
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
    const { uncounted } = this.#table
    // Held: what has started by now is of the time before, and what has not will find that it may not.
    this.#effects.hold(true)
    this.#effects.holdStarts(circuit.scope, true)
    for (const ticket of this.#table.dispatched()) {
      if (this.#isIn(circuit, ticket) && this.#hasStarted(ticket)) uncounted[ticket] = 1
    }
    this.#effects.hold(false)
    circuit.permitted = undefined
  }

  #probe(circuit: Circuit): void {
    const candidates = new Set<number>()
    const { thread, uncounted } = this.#table
    for (const ticket of this.#table.dispatched()) {
      // Of a partition that has gone nothing starts, and what runs on comes to no outcome.
      if (!this.#isIn(circuit, ticket) || !this.#isOurs(ticket)) continue
      if (!this.#hasStarted(ticket)) {
        // It may have been about to start when the circuit opened, and found that it may not.
        uncounted[ticket] = 0
        candidates.add(thread[ticket]!)
      } else if (uncounted[ticket] === 0) return
    }
    if (circuit.permitted !== undefined) {
      const isUnused = this.#effects.withdrawPermit(circuit.permitted, circuit.scope)
      circuit.permitted = undefined
      // It has started since we looked, or was handed back: the next look tells.
      if (!isUnused) return
    }
    for (let i = 1; i <= this.#threads; i++) {
      const next = (circuit.last + i) % this.#threads
      if (!candidates.has(next)) continue
      circuit.permitted = next
      circuit.last = next
      this.#effects.permitStart(next, circuit.scope)
      return
    }
  }

  #hasStarted(ticket: number): boolean {
    return hasStarted(stateOf(ticket, this.#table, this.#effects))
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
      circuit = { scope, breaker: new CircuitBreaker(this.#options), permitted: undefined, last: this.#threads - 1 }
      this.#circuits.set(scope, circuit)
    }
    return circuit
  }
}

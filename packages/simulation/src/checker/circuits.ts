/**
 * I9: the circuit breakers of one process, as the policy has them, beside what its engine says they are. Outcomes come in the
 * order in which the engine took them; what had started before a circuit opened says nothing about the time after.
 */
import type { CircuitLimits } from './model-log.js'
import { Violation } from './violation.js'

type State = 'closed' | 'open' | 'half-open'

interface Circuit {
  state: State
  /** What the engine said last. */
  told: State
  /** In a row. */
  failures: number
  until: number
  /** Number of the last start before it opened. */
  openedAt: number
  /** While half-open: the start that is tried. */
  probe: number | undefined
}

export class Circuits {
  readonly #limits: CircuitLimits
  /** By partition, or one. */
  readonly #circuits: (Circuit | undefined)[] = []
  #now = 0

  constructor(limits: CircuitLimits) {
    this.#limits = limits
  }

  /** @param start number of the start, ascending */
  started(partition: number, start: number, name: string): void {
    const circuit = this.#of(partition)
    if (circuit.state === 'open') throw new Violation('I9', `${name} starts while its circuit is open`)
    // Published before it opened, it takes a permit that was meant for another, and tells nothing.
    if (circuit.state !== 'half-open' || start <= circuit.openedAt) return
    if (circuit.probe !== undefined) throw new Violation('I9', `${name} starts beside a probe`)
    circuit.probe = start
  }

  /** The handler runs no more. */
  stopped(partition: number, start: number): void {
    const circuit = this.#of(partition)
    if (circuit.probe === start) circuit.probe = undefined
  }

  /**
   * A record has come to its final outcome.
   * @param start of its last attempt
   * @param latest the start that came last, of whichever record
   */
  outcome(partition: number, start: number, failed: boolean, latest: number): void {
    const circuit = this.#of(partition)
    if (start > circuit.openedAt) this.#count(circuit, failed, latest)
    this.#compare(circuit, partition)
  }

  /** The engine says that a circuit has changed. */
  told(scope: number | 'work', from: State, to: State): void {
    const circuit = this.#of(scope === 'work' ? 0 : scope)
    if (circuit.told !== from)
      throw new Violation('I9', `a circuit that was ${circuit.told} changes from ${from} to ${to}`)
    circuit.told = to
  }

  /** Before the engine hears of it. */
  tick(now: number): void {
    this.#now = now
    for (const circuit of this.#circuits) {
      if (circuit?.state === 'open' && now >= circuit.until) circuit.state = 'half-open'
    }
  }

  /** After the engine has heard of it. */
  ticked(): void {
    for (const [partition, circuit] of this.#circuits.entries()) {
      if (circuit !== undefined) this.#compare(circuit, partition)
    }
  }

  /** Nothing but a probe may start. */
  holdsBack(partition: number): boolean {
    return this.#of(partition).state !== 'closed'
  }

  #count(circuit: Circuit, failed: boolean, latest: number): void {
    const wasHalfOpen = circuit.state === 'half-open'
    circuit.failures = failed ? circuit.failures + 1 : 0
    if (failed && !wasHalfOpen && circuit.failures < this.#limits.after) return
    circuit.probe = undefined
    circuit.state = failed ? 'open' : 'closed'
    if (!failed) return
    circuit.until = this.#now + this.#limits.forMs
    circuit.openedAt = latest
  }

  #compare({ state, told }: Circuit, partition: number): void {
    if (state === told) return
    throw new Violation(
      'I9',
      `the circuit of ${this.#limits.scope === 'work' ? 'the work' : partition} is ${told}, not ${state}`,
    )
  }

  #of(partition: number): Circuit {
    const index = this.#limits.scope === 'work' ? 0 : partition
    this.#circuits[index] ??= {
      state: 'closed',
      told: 'closed',
      failures: 0,
      until: 0,
      openedAt: -1,
      probe: undefined,
    }
    return this.#circuits[index]
  }
}

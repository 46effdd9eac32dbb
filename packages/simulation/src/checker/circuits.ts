/**
 * I9: the circuit breakers of one process, as the policy has them, beside what its engine says they are. Outcomes come in the
 * order in which the engine took them; what had started before a circuit opened says nothing about the time after. An attempt
 * that fails with another to follow counts for a probe alone, and its engine has to see it at its next look.
 */
import type { CircuitLimits } from './model-log.js'
import { Violation } from './violation.js'

type State = 'closed' | 'open' | 'half-open'

/** The last attempt of a record. */
export interface Attempt {
  readonly record: number
  /** Its number, ascending over all records. */
  readonly start: number
  /**
   * False when its thread has shown it as running and then found the circuit open: an engine that has only seen it running
   * cannot know that it started later.
   */
  readonly isSure: boolean
}

/** The attempt of a probe that failed, and another follows. */
interface Probed {
  readonly partition: number
  readonly record: number
  /** What has to come of it. */
  readonly to: State
  isSure: boolean
}

interface Circuit {
  state: State
  /** What the engine said last. */
  told: State
  /** Failures in a row: as many count for certain, and as many may count. */
  fewest: number
  most: number
  /** Its time begins with the first tick that comes while it is open. */
  until: number | undefined
  /** Number of the last start before it opened. */
  openedAt: number
  /** While half-open: the start that is tried. */
  probe: number | undefined
  /** The same, also when its handler has ended. */
  tried: number | undefined
  /** While half-open: what the engine does not know yet, and what of it was there when the tick began. */
  probed: Probed | undefined
  due: Probed | undefined
}

export class Circuits {
  readonly #limits: CircuitLimits
  readonly #latestStart: () => number
  /** By partition, or one. */
  readonly #circuits: (Circuit | undefined)[] = []

  /** @param latestStart number of the start that came last, of whichever record */
  constructor(limits: CircuitLimits, latestStart: () => number) {
    this.#limits = limits
    this.#latestStart = latestStart
  }

  /** @param start number of the start, ascending */
  started(partition: number, start: number, name: string): void {
    const circuit = this.#of(partition)
    if (circuit.state === 'open') throw new Violation('I9', `${name} starts while its circuit is open`)
    // Published before it opened, it takes a permit that was meant for another, and tells nothing.
    if (circuit.state !== 'half-open' || start <= circuit.openedAt) return
    if (circuit.probe !== undefined) throw new Violation('I9', `${name} starts beside a probe`)
    if (circuit.probed?.isSure === true) throw new Violation('I9', `${name} starts after a probe that has failed`)
    circuit.probe = start
    circuit.tried = start
  }

  /** The handler runs no more. */
  stopped(partition: number, start: number): void {
    const circuit = this.#of(partition)
    if (circuit.probe === start) circuit.probe = undefined
  }

  /** An attempt has failed, and another follows. @param failed false where its error asks not to count it */
  attempted(partition: number, { record, start, isSure }: Attempt, failed: boolean): void {
    const circuit = this.#of(partition)
    if (circuit.state !== 'half-open' || start <= circuit.openedAt) return
    const to = failed ? 'open' : 'closed'
    circuit.probed = { partition, record, to, isSure: isSure && start === circuit.tried }
  }

  /** Nothing of the partition is tried again: a probe of it that has failed is handed back. */
  cut(partition: number): void {
    const circuit = this.#of(partition)
    if (circuit.probed?.partition === partition) circuit.probed = undefined
  }

  /** The record is handed back: its engine may not look in time any more. */
  handedBack(partition: number, record: number): void {
    const { probed } = this.#of(partition)
    if (probed?.record === record) probed.isSure = false
  }

  /** A record has come to its final outcome by this attempt. */
  outcome(partition: number, { start, isSure }: Attempt, failed: boolean): void {
    const circuit = this.#of(partition)
    // One that was about to find it open when its thread died has not started. While it is half-open the engine cannot tell that
    // from a probe whose handler was about to be called.
    const isKnown = isSure && (circuit.state !== 'half-open' || start === circuit.tried)
    if (start > circuit.openedAt && circuit.state !== 'open') this.#count(circuit, failed, isKnown)
    this.#compare(circuit, partition)
  }

  /** The engine says that a circuit has changed. */
  told(scope: number | 'work', from: State, to: State): void {
    const circuit = this.#of(scope === 'work' ? 0 : scope)
    if (circuit.told !== from)
      throw new Violation('I9', `a circuit that was ${circuit.told} changes from ${from} to ${to}`)
    circuit.told = to
    if (circuit.probed?.to === to) this.#become(circuit, to)
  }

  /** Before the engine hears of it. */
  tick(now: number): void {
    for (const circuit of this.#circuits) {
      if (circuit === undefined) continue
      circuit.due = circuit.probed
      if (circuit.state !== 'open') continue
      circuit.until ??= now + this.#limits.forMs
      if (now >= circuit.until) circuit.state = 'half-open'
    }
  }

  /** After the engine has heard of it. */
  ticked(): void {
    for (const [partition, circuit] of this.#circuits.entries()) {
      if (circuit === undefined) continue
      const { due } = circuit
      if (due !== undefined && due === circuit.probed) {
        if (due.isSure) this.#become(circuit, due.to)
        circuit.probed = undefined
      }
      this.#compare(circuit, partition)
    }
  }

  get isAnyOpen(): boolean {
    return this.#circuits.some((circuit) => circuit !== undefined && circuit.state !== 'closed')
  }

  /** Nothing but a probe may start. */
  holdsBack(partition: number): boolean {
    return this.#of(partition).state !== 'closed'
  }

  #count(circuit: Circuit, failed: boolean, isSure: boolean): void {
    const { after } = this.#limits
    if (failed) {
      circuit.most++
      if (isSure) circuit.fewest++
    } else {
      circuit.fewest = 0
      if (isSure) circuit.most = 0
    }
    const { state, told, fewest, most } = circuit
    const opens = failed && (state === 'half-open' || most >= after)
    const next = failed ? (opens ? 'open' : state) : 'closed'
    if (next === state) return
    const mayStay = !isSure || (state === 'closed' && fewest < after)
    if (mayStay && told === state) return
    this.#become(circuit, next)
  }

  #become(circuit: Circuit, state: State): void {
    circuit.state = state
    circuit.probe = undefined
    circuit.tried = undefined
    circuit.probed = undefined
    circuit.until = undefined
    if (state === 'open') circuit.openedAt = this.#latestStart()
    else circuit.fewest = circuit.most = 0
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
      fewest: 0,
      most: 0,
      until: undefined,
      openedAt: -1,
      probe: undefined,
      tried: undefined,
      probed: undefined,
      due: undefined,
    }
    return this.#circuits[index]
  }
}

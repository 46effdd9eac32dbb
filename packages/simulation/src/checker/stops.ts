/** I9: a work stops by its own policy when it has to, and only then. */
import type { ModelLimits } from './model-log.js'
import { Violation } from './violation.js'

export type Stop = 'record-failed' | 'crash-loop' | 'dead-letter-flood'

/** So many deaths in a row of a thread that runs nothing are a crash loop. */
const DEATHS = 3
/** So many outcomes have to be known before they are called a flood, or all that count. */
const FEWEST_OUTCOMES = 100

export class Stops {
  readonly #limits: ModelLimits
  /** By process: the latest outcomes in the order in which its engine took them, true for a dead letter. */
  readonly #outcomes: boolean[][] = []
  /** By process and thread: deaths in a row, with nothing heard of it in between. */
  readonly #deaths: number[][] = []
  /** What engines have to tell in the call that is under way. */
  readonly #owed: { readonly member: number; readonly stop: Stop }[] = []

  constructor(limits: ModelLimits) {
    this.#limits = limits
  }

  /** A record has come to its final outcome, as its process sees it, and the work goes on. */
  outcome(member: number, isLetter: boolean): void {
    if (!this.#isFlood(member, isLetter)) return
    throw new Violation('I9', `process ${member} writes a dead letter too many, and goes on`)
  }

  /** A record has failed for good, and has no dead letter. */
  failed(member: number): void {
    if (this.#limits.onExhausted === 'stop') this.#owed.push({ member, stop: 'record-failed' })
  }

  /** A thread died and ran nothing. */
  diedIdle(member: number, thread: number): void {
    this.#deaths[member] ??= []
    const deaths = (this.#deaths[member][thread] ?? 0) + 1
    this.#deaths[member][thread] = deaths
    if (deaths >= DEATHS) this.#owed.push({ member, stop: 'crash-loop' })
  }

  /** Acks of a thread have arrived. */
  heardOf(member: number, thread: number): void {
    const deaths = this.#deaths[member]
    if (deaths !== undefined) deaths[thread] = 0
  }

  /** An engine says that the work has to stop. */
  told(member: number, stop: Stop): void {
    // It stands for the dead letter that is one too many.
    if (stop === 'dead-letter-flood' && this.#isFlood(member, true)) return
    const at = this.#owed.findIndex((owed) => owed.member === member && owed.stop === stop)
    if (at === -1) throw new Violation('I9', `process ${member} stops for a ${stop} that is none`)
    this.#owed.splice(at, 1)
  }

  /** The call is over. */
  settled(): void {
    const owed = this.#owed[0]
    if (owed !== undefined) throw new Violation('I9', `process ${owed.member} does not stop for its ${owed.stop}`)
  }

  #isFlood(member: number, isLetter: boolean): boolean {
    const { flood } = this.#limits
    if (flood === undefined) return false
    this.#outcomes[member] ??= []
    const outcomes = this.#outcomes[member]
    outcomes.push(isLetter)
    if (outcomes.length > flood.window) outcomes.shift()
    const letters = outcomes.filter((letter) => letter).length
    const isKnown = outcomes.length >= Math.min(FEWEST_OUTCOMES, flood.window)
    return isLetter && isKnown && letters > flood.maxRatio * outcomes.length
  }
}

/**
 * Writes the dead letters of one process, as `delivery/` of the runtime does it: each is tried until the broker has
 * acknowledged it, or nobody wants it any more. Nothing of it outlives the process.
 */
import { K } from '../journal.js'
import type { Random } from '../random.js'
import type { Member } from './member.js'

interface Letter {
  readonly ticket: number
  readonly sequence: number
  readonly tenure: number
  readonly record: number
  /** `waiting` to be sent, again too; `sent`; `taken`: the broker has it, and its answer is on the way. */
  state: 'waiting' | 'sent' | 'taken'
}

export class DeadLetters {
  readonly #member: Member
  #letters: Letter[] = []

  constructor(member: Member) {
    this.#member = member
  }

  write(letter: Omit<Letter, 'state'>): void {
    this.#letters.push({ ...letter, state: 'waiting' })
  }

  get isEmpty(): boolean {
    return this.#letters.length === 0
  }

  some(tenures: readonly (number | undefined)[]): boolean {
    return this.#letters.some(({ tenure }) => tenures.includes(tenure))
  }

  /** The work ends: nobody tries any more. */
  giveUp(): void {
    for (const letter of [...this.#letters]) this.#giveUp(letter)
  }

  /** The process is no more. */
  abandon(): void {
    this.#letters = []
  }

  /** One of them comes a step further. */
  advance(choice: Random): boolean {
    if (this.#letters.length === 0) return false
    const letter = choice.pick(this.#letters)
    if (letter.state === 'waiting') this.#send(letter)
    else if (letter.state === 'sent') this.#take(letter)
    else this.#answered(letter)
    return true
  }

  /** The broker refuses one, for now. */
  refuse(choice: Random): boolean {
    return this.#tryAgain(choice, ['sent'], K.letterRefused)
  }

  /** One is lost on its way, or the answer to it is. */
  lose(choice: Random): boolean {
    return this.#tryAgain(choice, ['sent', 'taken'], K.letterLost)
  }

  #send(letter: Letter): void {
    const { engine } = this.#member
    if (engine.isWanted(letter.ticket, letter.sequence)) {
      letter.state = 'sent'
      return
    }
    this.#giveUp(letter)
    this.#member.want()
  }

  #giveUp(letter: Letter): void {
    this.#note(K.letterGivenUp, letter)
    this.#forget(letter)
    this.#member.engine.deadLettered(letter.ticket, letter.sequence, false)
  }

  #take(letter: Letter): void {
    letter.state = 'taken'
    this.#note(K.letterTaken, letter)
  }

  #answered(letter: Letter): void {
    const { engine, world } = this.#member
    this.#note(K.letterWritten, letter)
    this.#forget(letter)
    // Even when its partition is another's by now: it is there.
    world.checker.deadLettered(letter.tenure, letter.record)
    world.progress++
    engine.deadLettered(letter.ticket, letter.sequence, true)
    this.#member.want()
  }

  #tryAgain(choice: Random, states: readonly Letter['state'][], kind: number): boolean {
    const letters = this.#letters.filter(({ state }) => states.includes(state))
    if (letters.length === 0) return false
    const letter = choice.pick(letters)
    letter.state = 'waiting'
    this.#note(kind, letter)
    return true
  }

  #forget(letter: Letter): void {
    this.#letters.splice(this.#letters.indexOf(letter), 1)
  }

  #note(kind: number, { record }: Letter): void {
    const { world, id } = this.#member
    const { partition, offset } = world.records
    world.journal.note(kind, id, partition[record]!, offset[record]!)
  }
}

/**
 * What becomes of the records of a thread that is gone, and who is to blame.
 *
 * What its board shows as ended has ended. The rest goes out again, in the order in which it was sent. Of what ran, a
 * record that is known to have killed the thread, or was the only one that ran, is charged an attempt, and fails for good
 * when that was its last. Of several that ran each is a suspect: it is tried alone in the next thread, and only the one
 * that kills it again is charged.
 */
import type { Core } from './core.js'
import { CrashLoop } from './crash-loop.js'
import { Outcome } from './effects.js'
import type { Ownership } from './ownership.js'
import type { RecordEndings } from './record-endings.js'

export interface ThreadEnd {
  /** The thread was retired, to be replaced: no death, and nobody is to blame. */
  planned?: boolean
  /** Records that are known to have brought it down, such as those that ignored their deadline. */
  guilty?: readonly number[] | undefined
}

export class ThreadDeaths {
  readonly #core: Core
  readonly #endings: RecordEndings
  readonly #ownership: Pick<Ownership, 'isOver'>
  readonly #crashLoop = new CrashLoop()

  constructor(core: Core, endings: RecordEndings, ownership: Pick<Ownership, 'isOver'>) {
    this.#core = core
    this.#endings = endings
    this.#ownership = ownership
  }

  /** The thread has ended some record. */
  progressed(thread: number): void {
    this.#crashLoop.progressed(thread)
  }

  gone(thread: number, { planned = false, guilty }: ThreadEnd): void {
    const { counters } = this.#endings
    const { circuits, dispatcher, effects, options, table } = this.#core
    const { attempts = 1 } = options
    if (!planned) counters.threadDeaths++
    dispatcher.threadDown(thread)
    const { again, ran, isAnyVoid } = this.#sort(thread)
    const runs = new Set(ran)
    const isKnown = ran.length === 1 && !isAnyVoid
    const blamed = planned ? [] : (guilty?.filter((ticket) => runs.has(ticket)) ?? (isKnown ? ran : []))
    const exhausted = new Set(blamed.filter((ticket) => table.attempt[ticket]! >= attempts))
    for (const ticket of exhausted) this.#endings.end(ticket, Outcome.failed)
    const left = again.filter((ticket) => !exhausted.has(ticket))
    for (const ticket of blamed) {
      if (exhausted.has(ticket)) continue
      table.attempt[ticket]!++
      circuits?.countAttempt(ticket, table.attempt[ticket], 0)
    }
    const suspects = planned ? [] : guilty === undefined ? ran : blamed
    dispatcher.sendAgain(
      thread,
      left,
      suspects.filter((ticket) => !exhausted.has(ticket)),
    )
    counters.redelivered += left.length
    if (planned || isAnyVoid || ran.length > 0) return
    const deaths = this.#crashLoop.died(thread)
    if (deaths !== undefined) effects.stop({ type: 'crash-loop', thread, deaths })
  }

  /**
   * Ends what has ended.
   * @returns what has not, in the order in which it was sent, which of it ran, and whether anything ran that goes to nobody
   * any more: that may have been the guilty one
   */
  #sort(thread: number): { again: number[]; ran: number[]; isAnyVoid: boolean } {
    const { circuits, effects, table } = this.#core
    const { attempt, sequence } = table
    const again: number[] = []
    const ran: number[] = []
    let isAnyVoid = false
    for (const ticket of table.sentTo(thread)) {
      const state = effects.deliveryState(thread, ticket, sequence[ticket]!)
      if (state !== 'queued' && state !== 'unknown') attempt[ticket] = effects.attemptOf(thread, ticket)
      if (state === 'done' || state === 'discarded') this.#endings.end(ticket, Outcome[state])
      else if (state === 'failed') this.#endings.end(ticket, Outcome.failed | effects.failureFlags(thread, ticket))
      else if (this.#ownership.isOver(ticket) || (state === 'parked' && this.#isClosing(ticket))) {
        isAnyVoid ||= state === 'running'
        this.#endings.end(ticket, Outcome.discarded)
      } else {
        if (state === 'running') ran.push(ticket)
        again.push(ticket)
        // It may have failed since anybody looked.
        circuits?.countAttempt(ticket, attempt[ticket])
      }
    }
    return { again, ran, isAnyVoid }
  }

  #isClosing(ticket: number): boolean {
    return this.#endings.assignmentOf(ticket)?.state === 'draining'
  }
}

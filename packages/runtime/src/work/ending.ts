/** How a run is told to end. */
import { ZkError } from '../zk-error.js'

export type Ending = { type: 'drain' } | { type: 'abort' } | { type: 'fail'; error: Error }

const RANK = { drain: 0, abort: 1, fail: 2 } as const

/** The first of each kind counts; a later, harder one replaces a softer one. */
export class Endings {
  #current: Ending | undefined
  #waiting = new Set<() => void>()

  get current(): Ending | undefined {
    return this.#current
  }

  end(ending: Ending): void {
    if (this.#current !== undefined && RANK[ending.type] <= RANK[this.#current.type]) return
    this.#current = ending
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const resolve of waiting) resolve()
  }

  /** Resolves when the run is told to end, or to end harder. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve))
  }

  /** Resolves when the run has been told to end. */
  async told(): Promise<void> {
    if (this.#current === undefined) await this.changed()
  }
}

/** Fenced, or the client is broken: a commit would only be refused. */
export function isBeyondCommit(ending: Ending): boolean {
  return (
    ending.type === 'fail' && ZkError.is(ending.error) && ['ZK_FENCED', 'ZK_BROKER_FATAL'].includes(ending.error.code)
  )
}

/** How a process ends: drain, or abort, or by its own policy; then the last commit, the threads, and the group. */
import type { End } from '../checker/tenure.js'
import { K } from '../journal.js'
import type { Member } from './member.js'

export type EndingKind = 'drain' | 'abort' | 'fail'

const RANK = { drain: 0, abort: 1, fail: 2 } as const
const SHUTDOWN_TIMEOUT_MS = 1_500
const GRACE_MS = 200
const COMMIT_TIMEOUT_MS = 5_000

type Stage = 'none' | 'draining' | 'grace' | 'committing' | 'closing' | 'closed'

export class Ending {
  readonly #member: Member
  #kind: EndingKind | undefined
  #stage: Stage = 'none'
  #complete = false
  #acknowledged = false
  #deadline = 0

  constructor(member: Member) {
    this.#member = member
  }

  get hasBegun(): boolean {
    return this.#kind !== undefined
  }

  /** It takes part in rebalances no more. */
  get isClosing(): boolean {
    return this.#stage === 'closing' || this.#stage === 'closed'
  }

  /** The first of each kind counts; a later, harder one replaces a softer one. */
  end(kind: EndingKind): void {
    if (this.#kind !== undefined && RANK[kind] <= RANK[this.#kind]) return
    const isFirst = this.#kind === undefined
    this.#kind = kind
    const member = this.#member
    member.world.journal.note(K.stopping, member.id, RANK[kind])
    member.world.met(member, 'shutdown')
    if (isFirst) this.#begin()
    else if (this.#stage === 'draining') this.#halt()
    else if (this.#stage === 'grace') this.#commit(false)
    else if (this.#stage === 'committing') this.#close(false)
  }

  rebalancesAreIdle(): void {
    if (this.#stage === 'closing') this.#leave()
  }

  #begin(): void {
    const member = this.#member
    this.#deadline = member.world.now + SHUTDOWN_TIMEOUT_MS
    member.crew.keepRetired()
    member.handOver()
    if (this.#kind !== 'drain') {
      this.#halt()
      return
    }
    this.#stage = 'draining'
    member.drains.begin(member.slots(), SHUTDOWN_TIMEOUT_MS, (complete) => {
      if (this.#stage !== 'draining') return
      if (complete) this.#commit(true)
      else this.#halt()
    })
  }

  #halt(): void {
    const member = this.#member
    this.#stage = 'grace'
    const slots = member.slots()
    member.halt(slots)
    member.abortHandlers(slots)
    member.drains.begin(member.slots(), GRACE_MS, () => {
      if (this.#stage === 'grace') this.#commit(false)
    })
  }

  #commit(complete: boolean): void {
    const member = this.#member
    this.#stage = 'committing'
    this.#complete = complete
    if (!complete) member.engine.harvest()
    const deadline = Math.max(this.#deadline, member.world.now + COMMIT_TIMEOUT_MS)
    member.commits.last(member.partitions(), deadline, (acknowledged) => {
      if (this.#stage === 'committing') this.#close(acknowledged)
    })
  }

  #close(acknowledged: boolean): void {
    const member = this.#member
    this.#stage = 'closing'
    this.#acknowledged = acknowledged
    member.crew.stop()
    member.deadLetters.giveUp()
    // A revoke that still drains must not hold up the end: its deadline is now.
    member.drains.giveUp()
    member.world.later(() => {
      if (member.rebalances.isIdle) this.#leave()
    })
  }

  #leave(): void {
    if (this.#stage === 'closed') return
    this.#stage = 'closed'
    const how: End = this.#complete ? (this.#acknowledged ? 'inOrder' : 'uncommitted') : 'late'
    this.#member.leave(how)
  }
}

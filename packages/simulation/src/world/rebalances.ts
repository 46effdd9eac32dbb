/** Assignment changes of a process, answered one after the other, as the consumer and the run of the runtime do it. */
import type { End } from '../checker/tenure.js'
import { K } from '../journal.js'
import type { Member } from './member.js'

export type Job =
  | { readonly type: 'assign'; readonly partitions: readonly number[] }
  /** Without partitions: all that there are when its turn comes. */
  | { readonly type: 'revoke'; readonly partitions?: readonly number[] }
  /** The engine wants a partition anew, from this offset on. */
  | { readonly type: 'restart'; readonly partition: number; readonly offset: number }

/** Longest wait for the broker's answer to the commit of a revoke. */
const COMMIT_TIMEOUT_MS = 5_000

export class Rebalances {
  readonly #member: Member
  #queue: Job[] = []
  #active: Job | undefined

  constructor(member: Member) {
    this.#member = member
  }

  get isIdle(): boolean {
    return this.#active === undefined && this.#queue.length === 0
  }

  get isRevoking(): boolean {
    return this.#active?.type === 'revoke'
  }

  add(job: Job): void {
    this.#queue.push(job)
    // Not within the call into the engine that may have asked for it.
    if (this.#active === undefined) this.#member.world.later(() => this.#active ?? this.#next())
  }

  #next(): void {
    if (this.#member.isDead) return
    this.#active = this.#queue.shift()
    if (this.#active === undefined) {
      this.#member.ending.rebalancesAreIdle()
      return
    }
    const job = this.#active
    if (job.type === 'revoke') this.#revoke(job.partitions ?? this.#member.owned())
    else if (job.type === 'assign') this.#assign(job.partitions)
    else this.#restart(job.partition, job.offset)
  }

  #assign(partitions: readonly number[]): void {
    const member = this.#member
    member.handOver()
    // A run that is ending takes nothing more, and answers with an empty assignment.
    if (!member.ending.hasBegun) for (const partition of partitions) member.assign(partition)
    member.want()
    member.world.later(() => this.#next())
  }

  #restart(partition: number, offset: number): void {
    const member = this.#member
    member.handOver()
    const { tenure, owned } = member.holdingOf(partition)!
    if (tenure === undefined && owned && !member.ending.hasBegun) member.assign(partition, offset)
    member.want()
    member.world.later(() => this.#next())
  }

  #revoke(partitions: readonly number[]): void {
    const member = this.#member
    const { world, id, commits } = member
    const lost = member.isLost
    world.journal.note(lost ? K.lost : K.revoking, id, partitions.length)
    world.met(member, lost ? 'lost' : 'revoke')
    member.detach(partitions)
    member.handOver()
    const slots = member.slotsOf(partitions)
    if (lost) {
      // Others own them already: from here on nothing of them may be handed over or committed.
      for (const slot of slots) member.endTenure(slot, 'lost')
      member.lostAt = world.decisions
      member.abortHandlers(slots)
      this.#gone(partitions, slots, 'lost')
      return
    }
    member.drains.begin(slots, world.shape.drainTimeoutMs, (complete) => {
      if (!complete) {
        member.halt(slots)
        member.abortHandlers(slots)
      }
      commits.last(partitions, world.now + COMMIT_TIMEOUT_MS, (acknowledged) => {
        this.#gone(partitions, slots, complete ? (acknowledged ? 'inOrder' : 'uncommitted') : 'late')
      })
    })
  }

  #gone(partitions: readonly number[], slots: readonly number[], how: End): void {
    const member = this.#member
    for (const slot of slots) member.endTenure(slot, how)
    member.engine.gone(slots)
    member.want()
    member.handOver()
    member.disown(partitions)
    member.world.later(() => this.#next())
  }
}

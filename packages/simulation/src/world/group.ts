/**
 * The coordinator of the consumer group, as far as members can tell: generations, who owns what, eager and cooperative
 * rebalances, and which commits are taken.
 *
 * stable → preparing (everybody has to join again) → completing (waiting for the leader's assignment) → stable.
 */
import type { Random } from '../random.js'
import type { Protocol } from '../shape.js'

/** Answers to a commit. */
export const Code = { ok: 0, illegalGeneration: 22, unknownMember: 25, rebalanceInProgress: 27, timedOut: -1 } as const

export interface Entry {
  readonly member: number
  joined: boolean
  /** Of the last join that was answered. */
  generation: number
  /** It has its assignment of this generation. */
  synced: boolean
  /** Cooperative: what it said it owned when it joined. */
  owned: readonly number[]
}

export class Group {
  phase: 'stable' | 'preparing' | 'completing' = 'stable'
  generation = 0
  readonly entries: Entry[] = []
  /** By partition: the member that the current generation gives it to, -1 for none. */
  readonly owner: number[]
  readonly #protocol: Protocol

  constructor(partitions: number, protocol: Protocol) {
    this.#protocol = protocol
    this.owner = new Array<number>(partitions).fill(-1)
  }

  entryOf(member: number): Entry | undefined {
    for (const entry of this.entries) if (entry.member === member) return entry
    return undefined
  }

  /** Everybody has to join again. */
  trigger(): void {
    this.phase = 'preparing'
    for (const entry of this.entries) entry.joined = false
  }

  join(member: number, owned: readonly number[]): Entry {
    let entry = this.entryOf(member)
    if (entry === undefined) {
      if (this.phase !== 'preparing') this.trigger()
      entry = { member, joined: true, generation: -1, synced: false, owned }
      this.entries.push(entry)
    } else {
      if (this.phase !== 'preparing') this.trigger()
      entry.joined = true
      entry.owned = owned
    }
    return entry
  }

  /** The member has left, or is given up. @returns whether it was one */
  remove(member: number): boolean {
    const at = this.entries.findIndex((entry) => entry.member === member)
    if (at === -1) return false
    this.entries.splice(at, 1)
    for (let p = 0; p < this.owner.length; p++) if (this.owner[p] === member) this.owner[p] = -1
    if (this.entries.length > 0) this.trigger()
    else this.phase = 'stable'
    return true
  }

  get isComplete(): boolean {
    return this.phase === 'preparing' && this.entries.length > 0 && this.entries.every(({ joined }) => joined)
  }

  /** All have joined: the next generation. @param exists which partitions there are */
  form(exists: readonly { readonly exists: boolean }[], choice: Random): void {
    this.generation++
    this.phase = 'completing'
    const count = this.entries.length
    const first = choice.below(count)
    for (const [p, { exists: there }] of exists.entries()) {
      if (!there) continue
      let target = this.entries[(first + p) % count]!.member
      if (this.#protocol === 'cooperative') {
        const holder = this.entries.find(({ owned }) => owned.includes(p))
        // Sticky: what somebody has moves now and then, and then nobody has it in this generation.
        if (holder !== undefined) target = choice.percent(60) ? holder.member : target
        this.owner[p] = holder !== undefined && holder.member !== target ? -1 : target
      } else {
        this.owner[p] = target
      }
    }
    for (const entry of this.entries) entry.synced = false
  }

  /** What a commit with this generation is answered, before anything else goes wrong. */
  answer(member: number, generation: number): number {
    if (this.entryOf(member) === undefined) return Code.unknownMember
    if (generation !== this.generation) return Code.illegalGeneration
    return this.phase === 'completing' ? Code.rebalanceInProgress : Code.ok
  }
}

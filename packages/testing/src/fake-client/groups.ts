/** Consumer groups in memory: who is a member, and which partitions it has. */
import type { TopicPartition } from '@zk/engine'
import type { FakeTopics } from './topics.js'

export interface Member {
  /** Whether it wants records of a topic. */
  wants(topic: string): boolean
  /** Gives up whatever is not among these. */
  keepOnly(partitions: readonly TopicPartition[]): void
  /** All that it has from now on. */
  assign(partitions: readonly TopicPartition[]): void
  /** Commit what is done, as time would have done it. */
  store(): void
}

export class FakeGroups {
  readonly #topics: FakeTopics
  readonly #members = new Map<string, Member[]>()
  /** The members that were told last, and what. */
  readonly #told = new Map<string, { members: readonly Member[]; told: string }>()

  constructor(topics: FakeTopics) {
    this.#topics = topics
    topics.watch(() => {
      for (const groupId of this.#members.keys()) this.#balance(groupId)
    })
  }

  join(groupId: string, member: Member): void {
    this.#members.set(groupId, [...(this.#members.get(groupId) ?? []), member])
    this.#balance(groupId)
  }

  leave(groupId: string, member: Member): void {
    this.#members.set(
      groupId,
      (this.#members.get(groupId) ?? []).filter((one) => one !== member),
    )
    member.keepOnly([])
    this.#balance(groupId)
  }

  store(groupId: string): void {
    for (const member of this.#members.get(groupId) ?? []) member.store()
  }

  /** Partitions in turn, as round robin gives them. Who already has its share is not told again. */
  #balance(groupId: string): void {
    const members = this.#members.get(groupId) ?? []
    const shares = new Map<Member, TopicPartition[]>(members.map((member) => [member, []]))
    for (const topic of this.#topics.names) {
      const wanting = members.filter((member) => member.wants(topic))
      if (wanting.length === 0) continue
      for (const [partition] of this.#topics.partitions(topic).entries()) {
        shares.get(wanting[partition % wanting.length])!.push({ topic, partition })
      }
    }
    const told = JSON.stringify(members.map((member) => shares.get(member)))
    const isKnown = this.#told.get(groupId)?.members === members && this.#told.get(groupId)?.told === told
    if (isKnown) return
    this.#told.set(groupId, { members, told })
    // First what is given up: nobody may have a partition that another still has.
    for (const [member, share] of shares) member.keepOnly(share)
    for (const [member, share] of shares) member.assign(share)
  }
}

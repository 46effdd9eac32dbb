/**
 * What a process commits, and when: by interval what its engine has handed over, on revoke and at the end until the broker
 * has answered. One commit is under way at a time; one that is refused because of a rebalance is tried again.
 */
import { K } from '../journal.js'
import { Code } from './group.js'
import type { Member } from './member.js'

export interface Offset {
  readonly partition: number
  readonly tenure: number
  readonly offset: number
  readonly finished: readonly number[]
}

/** A commit on its way to the broker, or its answer on the way back. */
export interface CommitRequest {
  readonly member: number
  readonly generation: number
  readonly offsets: readonly Offset[]
}

/** Longest wait for the answer to one commit. */
const TIMEOUT_MS = 5_000
/** Pause before a refused commit is tried again. */
const RETRY_MS = 100

interface Waiter {
  readonly partitions: readonly number[]
  readonly deadline: number
  done(acknowledged: boolean): void
}

export class Commits {
  /** On their way to the broker, oldest first; a connection keeps their order. */
  readonly requests: CommitRequest[] = []
  /** Answers on their way back. */
  readonly answers: { request: CommitRequest; code: number }[] = []
  readonly #member: Member
  /** By partition: what was handed over and is not committed. */
  readonly #pending = new Map<number, Offset>()
  #waiters: Waiter[] = []
  #underWay: CommitRequest | undefined
  #sentAt = 0
  #nextAt: number
  #retryAt = 0

  constructor(member: Member) {
    this.#member = member
    this.#nextAt = member.world.now + member.world.shape.commitIntervalMs
  }

  get isUnderWay(): boolean {
    return this.#underWay !== undefined
  }

  /** The engine hands an offset over. */
  stored(offset: Offset): void {
    this.#pending.set(offset.partition, offset)
  }

  /** The partition is not ours any more: what is left of it must never be sent. */
  forget(partition: number): void {
    this.#pending.delete(partition)
  }

  tick(now: number): void {
    const { world, engine } = this.#member
    if (this.#underWay !== undefined && now >= this.#sentAt + TIMEOUT_MS) {
      world.journal.note(K.timedOut, this.#member.id)
      this.#failed(Code.timedOut)
    }
    if (now >= this.#nextAt) {
      this.#nextAt = now + world.shape.commitIntervalMs
      engine.storeWatermarks()
      this.#send()
    } else if (this.#waiters.length > 0) {
      this.#send()
    }
    this.#settle()
  }

  /** Commits what these partitions have finished, and answers when that is acknowledged, hopeless or late. */
  last(partitions: readonly number[], deadline: number, done: (acknowledged: boolean) => void): void {
    this.#member.engine.storeWatermarks()
    this.#waiters.push({ partitions, deadline, done })
    this.#send()
    this.#settle()
  }

  /** Nobody waits any more. */
  abandon(): void {
    this.#waiters = []
  }

  answered(): void {
    const { request, code } = this.answers.shift()!
    const { world, id } = this.#member
    world.journal.note(K.answer, id, code)
    if (request !== this.#underWay) return
    if (code === Code.ok) {
      this.#underWay = undefined
      this.#send()
    } else {
      this.#failed(code)
    }
    this.#settle()
  }

  #failed(code: number): void {
    const request = this.#underWay!
    this.#underWay = undefined
    this.#retryAt = this.#member.world.now + RETRY_MS
    for (const offset of request.offsets) {
      // Only what nothing newer has replaced, of an assignment that is not over.
      if (this.#pending.has(offset.partition) || this.#member.tenureOf(offset.partition) !== offset.tenure) continue
      this.#pending.set(offset.partition, offset)
    }
    if (code === Code.unknownMember) this.#answerAll()
  }

  #send(): void {
    if (this.#underWay !== undefined || this.#pending.size === 0 || this.#member.world.now < this.#retryAt) return
    const { world, id, generation } = this.#member
    this.#underWay = { member: id, generation, offsets: [...this.#pending.values()] }
    this.#pending.clear()
    this.#sentAt = world.now
    this.requests.push(this.#underWay)
    world.journal.note(K.sent, id, this.#underWay.offsets.length, generation)
  }

  #settle(): void {
    if (this.#waiters.length === 0) return
    const { now } = this.#member.world
    const settled = this.#waiters.filter((waiter) => !this.#isOpen(waiter.partitions) || now >= waiter.deadline)
    if (settled.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => !settled.includes(waiter))
    for (const { partitions, done } of settled) done(!this.#isOpen(partitions))
  }

  #answerAll(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const { partitions, done } of waiters) done(!this.#isOpen(partitions))
  }

  #isOpen(partitions: readonly number[]): boolean {
    const isOpen = (partition: number) =>
      this.#pending.has(partition) || this.#underWay?.offsets.some((offset) => offset.partition === partition) === true
    return partitions.some(isOpen)
  }
}

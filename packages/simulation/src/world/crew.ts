/** The threads of one process as its main thread sees them: their acks, ends, successors and deadlines. */
import { ACK_WORDS } from '@zk/engine'
import { K } from '../journal.js'
import type { Member } from './member.js'
import type { ShellEffects } from './shell-effects.js'
import { SimThread } from './thread.js'
import { ThreadEars } from './thread-ears.js'

export class Crew {
  readonly threads: readonly SimThread[]
  readonly #member: Member

  constructor(member: Member, effects: ShellEffects) {
    const { shape } = member.world
    const ears = new ThreadEars(member)
    const isHeld = () => effects.isHeld
    this.#member = member
    this.threads = Array.from({ length: shape.threads }, (_, i) => new SimThread(i, shape, ears, isHeld))
  }

  takeAcks(thread: number): boolean {
    const { engine, world, id } = this.#member
    const place = this.threads[thread]!
    if (place.acks.posted.length === 0) return false
    const acks = place.acks.take()
    world.met(this.#member, 'ack')
    const { counters } = engine
    const stale = counters.staleAcks
    world.checker.stops.heardOf(id, thread)
    engine.acks(thread, acks, acks.length / ACK_WORDS)
    this.#member.drains.look()
    world.journal.note(K.acks, id, thread, acks.length / ACK_WORDS, counters.staleAcks - stale)
    this.#member.want()
    return true
  }

  /** Exit and close have been seen, and every posted ack was taken before. */
  bury(thread: number): boolean {
    const { engine, world, id } = this.#member
    const place = this.threads[thread]!
    if (place.state !== 'exited' || place.acks.posted.length > 0) return false
    place.state = 'down'
    const planned = place.retired
    // What has ended after all brought nothing down.
    const ended = place.guilty?.filter((delivery) => place.ran.includes(delivery))
    // Of what ran together with others nobody knows: as endOf in the runtime's threads/thread-end.ts.
    const guilty = world.shape.batchSize > 0 ? undefined : ended
    world.journal.note(K.gone, id, thread, planned ? 1 : 0, guilty === undefined ? -1 : guilty.length)
    world.checker.died(place.ran, planned, guilty)
    if (!planned && place.ran.length === 0) world.checker.stops.diedIdle(id, thread)
    engine.threadGone(thread, { planned, guilty: guilty?.map(({ ticket }) => ticket) })
    this.#member.drains.look()
    return true
  }

  boot(thread: number): boolean {
    const member = this.#member
    const place = this.threads[thread]!
    if (place.state !== 'down' || member.ending.isClosing) return false
    place.boot()
    member.world.journal.note(K.up, member.id, thread)
    const { batchSize, concurrency } = member.world.shape
    if (batchSize > 0) member.engine.takesBatches(2 * batchSize * concurrency * this.threads.length)
    member.engine.threadUp(thread)
    member.isReady ||= this.threads.every(({ state }) => state === 'up')
    member.want()
    return true
  }

  retire(thread: number): boolean {
    const { engine, world, id, ending } = this.#member
    const place = this.threads[thread]!
    if (place.state !== 'up' || place.retired || place.isGivenUp || ending.hasBegun) return false
    place.retired = true
    world.journal.note(K.retired, id, thread)
    engine.retire(thread)
    return true
  }

  /** The run is ending, which retired threads are needed for. */
  keepRetired(): void {
    for (const [thread, place] of this.threads.entries()) {
      if (!place.retired || place.state !== 'up') continue
      place.retired = false
      this.#member.engine.threadUp(thread)
    }
  }

  /** Main looks at a handler that has been running for too long. */
  overdue(thread: number): boolean {
    const { engine, world, id } = this.#member
    const place = this.threads[thread]!
    if (place.state !== 'up' || place.handlers.count === 0 || place.isStarting) return false
    // Of a batch all are late at once, and main tells of one after the other.
    const late = place.handlers.pickLate(world.choice)
    const delivery = late.find(({ overdue }) => !overdue) ?? late[0]!
    const { partition, offset } = delivery
    if (!delivery.overdue) {
      delivery.overdue = true
      delivery.timedOut = place.isFree
      world.journal.note(K.overdue, id, thread, partition, offset)
      return true
    }
    if (place.guilty?.includes(delivery) === true) return false
    // It has ignored that.
    world.journal.note(K.givenUp, id, thread, partition, offset)
    // A thread that was to be replaced is ended for this now.
    place.retired = false
    if (!place.isFree) {
      // It does not turn: whose fault that is, the stack may say.
      if (world.choice.percent(50)) place.guilty = [delivery]
      place.state = 'terminating'
      return true
    }
    place.guilty = [...(place.guilty ?? []), delivery]
    if (place.isGivenUp) return true
    // The healthy ones end first.
    place.isGivenUp = true
    engine.retire(thread)
    return true
  }

  /** A thread that is to be replaced holds nothing, or its time is up: it is told to end. */
  terminate(thread: number): boolean {
    const { engine, world, id } = this.#member
    const place = this.threads[thread]!
    if (!(place.retired || place.isGivenUp) || place.state !== 'up') return false
    const { guilty } = place
    const isWaitedFor = place.retired
      ? engine.heldBy(thread) > 0
      : place.handlers.some((delivery) => guilty?.includes(delivery) !== true)
    if (isWaitedFor && world.choice.percent(60)) return false
    place.state = 'terminating'
    world.journal.note(K.terminated, id, thread)
    return true
  }

  /** Told to all of them. */
  wake(): void {
    for (const thread of this.threads) thread.isWoken = true
  }

  abort(slots: readonly number[]): void {
    for (const thread of this.threads) if (thread.state === 'up') thread.handlers.abort(slots)
  }

  stop(): void {
    for (const thread of this.threads) {
      if (thread.isAlive) thread.exit()
      thread.state = 'down'
      thread.acks.posted.length = 0
    }
  }
}

/**
 * What waits in a thread: for a lane, behind its key, for its next attempt, or for a circuit to close. As the executor of the
 * runtime keeps it, with the same keyed queue.
 */
import { KeyedQueue, NO_KEY } from '@zk/engine'
import type { Random } from '../random.js'
import type { Shape } from '../shape.js'
import { hashes } from './batch.js'
import { type Delivery, wasTried } from './delivery.js'

interface Refused {
  readonly slot: number
  readonly epoch: number
  readonly key: number
}

export class ThreadQueue {
  readonly #shape: Shape
  readonly #queue: KeyedQueue
  /** By ticket: what has come and does not run. */
  readonly #received: (Delivery | undefined)[] = []
  /** Their next attempt is not due. */
  readonly #parked: Delivery[] = []
  /** Held back by the circuits of their partitions. */
  #aside: Delivery[] = []
  /** Keys of which a delivery was handed back: what comes of them later is handed back too. */
  readonly #refused: Refused[] = []

  constructor(shape: Shape) {
    this.#shape = shape
    const { concurrency, attempts, circuit, batchSize } = shape
    // Of batches the thread counts how many run.
    const lanes = batchSize > 0 ? Number.POSITIVE_INFINITY : concurrency
    this.#queue = new KeyedQueue(lanes, lanes > 1 || attempts > 1 || circuit?.scope === 'partition')
  }

  get isEmpty(): boolean {
    return this.#queue.queued + this.#queue.running + this.#queue.parked === 0
  }

  get hasParked(): boolean {
    return this.#queue.parked > 0
  }

  push(delivery: Delivery): void {
    this.#received[delivery.ticket] = delivery
    this.#queue.push(this.#keyOf(delivery), delivery.ticket)
  }

  take(): Delivery | undefined {
    const ticket = this.#queue.take()
    return ticket === -1 ? undefined : this.#received[ticket]
  }

  /** The next one behind it, which has been taken too: both are for one batch. */
  takeBehind(delivery: Delivery): Delivery | undefined {
    const key = this.#keyOf(delivery)
    const ticket = key === NO_KEY ? -1 : this.#queue.takeBehind(key)
    return ticket === -1 ? undefined : this.#received[ticket]
  }

  /** They were taken behind others of their key, and wait there again. */
  putBehind(deliveries: readonly Delivery[]): void {
    if (deliveries.length === 0) return
    for (const delivery of deliveries) this.#received[delivery.ticket] = delivery
    const tickets = deliveries.map(({ ticket }) => ticket)
    this.#queue.putBehind(this.#keyOf(deliveries[0]!), tickets)
  }

  isOfKey(delivery: Delivery, other: Delivery): boolean {
    const key = this.#keyOf(delivery)
    return key !== NO_KEY && key === this.#keyOf(other)
  }

  /** It was taken and runs. */
  started({ ticket }: Delivery): void {
    this.#received[ticket] = undefined
  }

  /** It was taken and has ended. */
  ended(delivery: Delivery): void {
    this.#received[delivery.ticket] = undefined
    this.#queue.done(this.#keyOf(delivery))
  }

  /** It was taken, has failed, and is tried again. */
  park(delivery: Delivery): void {
    this.#received[delivery.ticket] = delivery
    this.#parked.push(delivery)
    this.#queue.park(this.#keyOf(delivery))
  }

  /** The next attempt of one of them is due. */
  due(choice: Random): boolean {
    if (this.#parked.length === 0) return false
    const [delivery] = this.#parked.splice(choice.below(this.#parked.length), 1)
    this.#queue.unpark(this.#keyOf(delivery!), delivery!.ticket)
    return true
  }

  /** It was taken and may not start now, nor anything else. */
  putBack({ ticket }: Delivery): void {
    this.#queue.putBack(ticket)
  }

  /** It was taken and may not start now, as nothing of its partition. */
  setAside(delivery: Delivery): void {
    this.#aside.push(delivery)
    this.#queue.park(this.#keyOf(delivery))
  }

  /** What was set aside and may go on now may be taken. */
  takeUp(mayGoOn: (delivery: Delivery) => boolean): void {
    if (this.#aside.length === 0) return
    const going = this.#aside.filter(mayGoOn)
    this.#aside = this.#aside.filter((delivery) => !going.includes(delivery))
    for (const delivery of going) this.#queue.unpark(this.#keyOf(delivery), delivery.ticket)
  }

  isRefused(delivery: Delivery): boolean {
    const key = this.#keyOf(delivery)
    return this.#refused.some(
      ({ slot, epoch, key: refused }) => slot === delivery.slot && epoch === delivery.epoch && refused === key,
    )
  }

  /**
   * It is handed back: what waits behind its key must not be finished before it.
   * @returns what goes with it, which is forgotten here
   */
  refuseBehind(delivery: Delivery): Delivery[] {
    const key = this.#keyOf(delivery)
    if (key === NO_KEY) return []
    const { slot, epoch } = delivery
    this.#refused.push({ slot, epoch, key })
    const behind: Delivery[] = []
    const isOfIt = (ticket: number) => this.#received[ticket]!.slot === slot && this.#received[ticket]!.epoch <= epoch
    this.#queue.withdraw(key, isOfIt, (ticket) => {
      behind.push(this.#received[ticket]!)
      this.#received[ticket] = undefined
    })
    return behind
  }

  /** Takes out what has been tried before and is not tried again, due or not, and what waits behind it. */
  handBack(isClosing: (delivery: Delivery) => boolean): Delivery[] {
    const goes = (delivery: Delivery) => wasTried(delivery) && isClosing(delivery)
    const back = this.#parked.filter(goes)
    for (const delivery of back) this.#parked.splice(this.#parked.indexOf(delivery), 1)
    const aside = this.#aside.filter(goes)
    this.#aside = this.#aside.filter((delivery) => !aside.includes(delivery))
    back.push(...aside)
    this.#queue.parkReady(
      (ticket) => goes(this.#received[ticket]!),
      (ticket) => back.push(this.#received[ticket]!),
    )
    return back.flatMap((delivery) => {
      const behind = this.refuseBehind(delivery)
      this.#received[delivery.ticket] = undefined
      this.#queue.release(this.#keyOf(delivery))
      return [delivery, ...behind]
    })
  }

  /** Everything that has come and does not run. */
  all(): Delivery[] {
    return this.#received.filter((delivery) => delivery !== undefined)
  }

  #keyOf({ slot, key }: Delivery): number {
    const { ordering } = this.#shape
    if (ordering === 'partition') return slot
    if (ordering === 'none' || key < 0) return NO_KEY
    return (Math.imul(slot, 0x9e3779b1) ^ hashes[key]!) >>> 1
  }
}

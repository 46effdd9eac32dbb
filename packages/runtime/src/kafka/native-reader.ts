/** The packed reader of @zk/native behind the reader's interface. Loaded only where the addon is built. */
import type { PartitionSlot, TopicPartition } from '@zk/engine'
import type { NativeReader as Addon } from '@zk/native'
import { BlockPool } from './block-pool.js'
import type { ReadError, Reader, ReadResult } from './reader.js'

export class NativeReader implements Reader {
  readonly kind = 'native'
  readonly #addon: Addon
  readonly #blocks = new BlockPool()

  constructor(addon: Addon) {
    this.#addon = addon
  }

  attach(slot: PartitionSlot, { topic, partition }: TopicPartition): void {
    this.#addon.attach(topic, partition, slot)
  }

  detach(slot: PartitionSlot): void {
    this.#addon.detach(slot)
  }

  setPaused(slot: PartitionSlot, paused: boolean): void {
    this.#addon.setPaused(slot, paused)
  }

  request(records: number, bytes: number, inFlight?: Int32Array): void {
    this.#addon.request(records, bytes, this.#blocks.lend(), inFlight)
  }

  take(): ReadResult | undefined {
    const taken = this.#addon.take()
    if (taken === undefined) return undefined
    const ends: { slot: PartitionSlot; offset: number }[] = []
    const errors: ReadError[] = []
    for (const event of taken.events) {
      if (event.type === 'end') ends.push(event)
      else errors.push(event)
    }
    return { batch: taken.block === undefined ? undefined : this.#blocks.batchOf(taken.block), ends, errors }
  }

  /** The addon's thread stops touching a partition inside `detach`: nothing is under way afterwards. */
  async hold(): Promise<void> {}
  release(): void {}

  async close(): Promise<void> {
    this.#addon.close()
  }
}

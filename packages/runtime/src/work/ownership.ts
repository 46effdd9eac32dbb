/** Partitions that come and go: what is assigned is made known, what is revoked is drained, committed and let go. */
import type { AssignedPartition, PartitionSlot, TopicPartition, WorkEngine } from '@zk/engine'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Logger } from '../log/logger.js'
import type { ThreadHost } from '../threads/host.js'
import { COMMIT_TIMEOUT_MS, type Commits } from './commits.js'
import type { WorkEvent } from './events.js'
import type { WorkClock } from './work-clock.js'

export interface OwnershipOptions {
  engine: WorkEngine<PackedBatch>
  host: Pick<ThreadHost, 'announce' | 'abort'>
  commits: Pick<Commits, 'commit'>
  clock: Pick<WorkClock, 'now'>
  logger: Logger
  drainTimeoutMs: number
  emit(event: WorkEvent): void
}

export class Ownership {
  readonly #options: OwnershipOptions
  /** Drains under way, and who waits for them. */
  readonly #drains = new Map<readonly PartitionSlot[], (complete: boolean) => void>()

  constructor(options: OwnershipOptions) {
    this.#options = options
  }

  /** What is ours now. */
  get slots(): PartitionSlot[] {
    return [...this.#options.engine.assignments].map(({ slot }) => slot)
  }

  /** @returns the slots of the partitions, in their order */
  assigned(partitions: readonly AssignedPartition[]): PartitionSlot[] {
    const { engine, host, logger, emit } = this.#options
    const slots = engine.assigned(partitions)
    for (const [i, slot] of slots.entries()) host.announce(slot, partitions[i]!)
    if (partitions.length > 0) logger.info({ partitions: describe(partitions) }, 'Partitions assigned')
    const epochOf = (slot: PartitionSlot) => engine.assignments.at(slot)!.epoch
    emit({
      type: 'assigned',
      partitions: partitions.map(({ topic, partition }, i) => ({ topic, partition, epoch: epochOf(slots[i]!) })),
    })
    return slots
  }

  /** Gives partitions back: what has started ends, or its time does, and what is finished is committed. */
  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    const { engine, host, commits, logger, drainTimeoutMs, emit } = this.#options
    const slots = this.#slotsOf(partitions)
    const complete = await this.drain(slots, drainTimeoutMs)
    if (!complete) {
      engine.halt(slots)
      host.abort(slots, 'revoked')
    }
    await commits.commit(slots, COMMIT_TIMEOUT_MS)
    if (partitions.length > 0) logger.info({ partitions: describe(partitions), complete }, 'Partitions revoked')
    emit({ type: 'revoked', partitions, complete })
    engine.gone(slots)
  }

  /** Others own these partitions already: storing or committing now could only move their offsets back. */
  lost(partitions: readonly TopicPartition[]): void {
    const { engine, host, logger, emit } = this.#options
    const slots = this.#slotsOf(partitions)
    logger.warn({ partitions: describe(partitions) }, 'The assignment was lost; unfinished records run elsewhere')
    host.abort(slots, 'revoked')
    emit({ type: 'lost', partitions })
    engine.gone(slots)
  }

  /** What was read of a partition is void: its topic was made anew. `assigned` follows. */
  voided(partition: TopicPartition): void {
    this.#options.engine.gone(this.#slotsOf([partition]))
  }

  /** @returns whether everything that had started has ended in time */
  drain(slots: readonly PartitionSlot[], timeoutMs: number): Promise<boolean> {
    const { engine, clock } = this.#options
    return new Promise((resolve) => {
      this.#drains.set(slots, resolve)
      engine.drain(slots, clock.now() + timeoutMs)
    })
  }

  /** The engine's answer to a drain. */
  drained(slots: readonly PartitionSlot[], complete: boolean): void {
    this.#drains.get(slots)?.(complete)
    this.#drains.delete(slots)
  }

  /** The deadline of every drain is now. */
  giveUp(): void {
    for (const slots of [...this.#drains.keys()]) this.drained(slots, false)
  }

  #slotsOf(partitions: readonly TopicPartition[]): PartitionSlot[] {
    const { assignments } = this.#options.engine
    return partitions.map((partition) => assignments.of(partition)?.slot).filter((slot) => slot !== undefined)
  }
}

/** `orders[0,1,2]`, for logs. */
function describe(partitions: readonly TopicPartition[]): string {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of partitions) byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition])
  return [...byTopic].map(([topic, numbers]) => `${topic}[${numbers.sort((a, b) => a - b).join(',')}]`).join(' ')
}

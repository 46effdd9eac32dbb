/**
 * Tells of records that are not there any more where reading should begin or go on: the broker deleted them before they were
 * read (retention, or somebody did), or the log is shorter than the group believes. Nothing else would say that a
 * partition goes on elsewhere.
 *
 * Only librdkafka knows that an offset was out of range, and says so in a line of its log; where reading goes on is seen
 * in what is read next, or in the end that is met. A gap alone means nothing: compaction and transactions leave them
 * everywhere.
 */
import { nameOf, type PartitionSlot } from '@zk/engine'
import type { Logger } from '../log/logger.js'
import type { LibrdkafkaLogEvent } from './librdkafka-log.js'

const OFFSET_RESET = /(\S+) \[(\d+)\]: offset reset \(at offset (\d+)\b/

export interface DeletedRecordsOptions {
  logger: Logger
  /** Whether a record of that offset lies below what was read of the partition in its epoch: whoever reads tells of that. */
  precedes(slot: PartitionSlot, offset: number): boolean
}

/** What was read: a part of `ReadResult`. */
export interface WhatWasRead {
  batch: { slots: Int32Array; offsets: Float64Array } | undefined
  ends: readonly { slot: PartitionSlot; offset: number }[]
}

interface Reset {
  readonly topic: string
  readonly partition: number
  /** The offset that was out of range. */
  readonly from: number
}

export class DeletedRecords {
  readonly #options: DeletedRecordsOptions
  /** By partition's name, until the next record or the end of it is read. */
  readonly #resets = new Map<string, Reset>()

  constructor(options: DeletedRecordsOptions) {
    this.#options = options
  }

  /** A line of librdkafka's log. */
  hear({ fac, message }: LibrdkafkaLogEvent): void {
    if (fac !== 'OFFSET') return
    const [, topic, partition, from] = OFFSET_RESET.exec(message) ?? []
    if (topic === undefined) return
    const reset = { topic, partition: Number(partition), from: Number(from) }
    this.#resets.set(nameOf(reset), reset)
  }

  /**
   * Before whoever reads has seen it.
   * @param slots by partition's name
   */
  read({ batch, ends }: WhatWasRead, slots: ReadonlyMap<string, PartitionSlot>): void {
    for (const [name, reset] of this.#resets) {
      const slot = slots.get(name)
      const at = slot === undefined ? -1 : (batch?.slots.indexOf(slot) ?? -1)
      // An end at the offset itself was met before the reset.
      const end = ends.find((one) => one.slot === slot && one.offset !== reset.from)
      const to = at === -1 ? end?.offset : batch!.offsets[at]
      if (slot === undefined || to === undefined) continue
      this.#resets.delete(name)
      if (at === -1 || !this.#options.precedes(slot, to)) this.#tell(reset, to)
    }
  }

  #tell({ topic, partition, from }: Reset, to: number): void {
    const what =
      to > from
        ? 'is not there (deleted, or the log is shorter); reading goes on at'
        : 'lies beyond the end of the log, which was truncated or made anew; reading goes on at'
    const passedOver =
      to > from ? ', and what lies between is not read' : to > 0 ? ', and what lies below is not read' : ''
    this.#options.logger.warn(
      { topic, partition, from, to },
      `${topic}[${partition}]: offset ${from} ${what} ${to}${passedOver}`,
    )
  }
}

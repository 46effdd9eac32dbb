/**
 * Tells of records that the broker deleted before they were read (retention, or somebody deleted them): nothing else
 * would say that a partition goes on further up.
 *
 * Only librdkafka knows that an offset was out of range, and says so in a line of its log; where reading goes on is seen
 * in what is read next. A gap alone means nothing: compaction and transactions leave them everywhere.
 */
import { nameOf, type PartitionSlot } from '@zk/engine'
import type { Logger } from '../log/logger.js'
import type { LibrdkafkaLogEvent } from './librdkafka-log.js'

const OFFSET_RESET = /(\S+) \[(\d+)\]: offset reset \(at offset (\d+)\b/

export class DeletedRecords {
  readonly #logger: Logger
  /** By partition's name: the offset that was out of range, until the next record of it is read. */
  readonly #resets = new Map<string, { topic: string; partition: number; from: number }>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** A line of librdkafka's log. */
  hear({ fac, message }: LibrdkafkaLogEvent): void {
    if (fac !== 'OFFSET') return
    const [, topic, partition, from] = OFFSET_RESET.exec(message) ?? []
    if (topic === undefined) return
    const reset = { topic, partition: Number(partition), from: Number(from) }
    this.#resets.set(nameOf(reset), reset)
  }

  /** Records that were read. @param slots by partition's name */
  read(batch: { slots: Int32Array; offsets: Float64Array }, slots: ReadonlyMap<string, PartitionSlot>): void {
    for (const [name, { topic, partition, from }] of this.#resets) {
      const at = batch.slots.indexOf(slots.get(name) ?? -1)
      if (at === -1) continue
      this.#resets.delete(name)
      const to = batch.offsets[at]!
      // Backwards, the engine notices by itself.
      if (to <= from) continue
      this.#logger.warn(
        { topic, partition, from, to },
        `${topic}[${partition}]: offset ${from} is not there (deleted, or the log is shorter); reading goes on at ${to}, and what lies between is not read`,
      )
    }
  }
}

/** I7: what lies in the threads of each process, against the caps of its window. */
import type { ModelLimits, ModelRecords } from './model-log.js'
import type { Tenure } from './tenure.js'
import { Violation } from './violation.js'

export class Occupancy {
  readonly #records: ModelRecords
  readonly #limits: ModelLimits
  /** By process: deliveries, and their bytes, that lie in its threads and have not ended. */
  readonly #messages: number[] = []
  readonly #bytes: number[] = []

  constructor(records: ModelRecords, limits: ModelLimits) {
    this.#records = records
    this.#limits = limits
  }

  of(member: number): number {
    return this.#messages[member] ?? 0
  }

  add(tenure: Tenure, record: number): void {
    const { member } = tenure
    tenure.inThreads++
    const messages = this.of(member) + 1
    const bytes = (this.#bytes[member] ?? 0) + this.#records.size[record]!
    this.#messages[member] = messages
    this.#bytes[member] = bytes
    const { maxMessages, maxBytes } = this.#limits.window
    if (messages > maxMessages) throw new Violation('I7', `${messages} messages in a window of ${maxMessages}`)
    if (bytes > maxBytes && messages > 1) throw new Violation('I7', `${bytes} bytes in a window of ${maxBytes}`)
  }

  remove(tenure: Tenure, record: number): void {
    tenure.inThreads--
    this.#messages[tenure.member]!--
    this.#bytes[tenure.member]! -= this.#records.size[record]!
  }
}

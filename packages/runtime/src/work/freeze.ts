/**
 * Keeps a process that stood still from working on partitions which others may own by now.
 *
 * Threads wake up when the process does, before main can tell them anything. So they start a record only while the pulse
 * on their board is fresh, and main stops it when it finds that it stood still itself for half of the session timeout.
 * It beats again when the broker has accepted a commit of the assignment, which it does only from a member of the group's
 * generation, or when nothing of that assignment is left.
 */
import type { AssignmentTable, PartitionSlot } from '@zk/engine'
import type { Logger } from '../log/logger.js'

export interface FreezeOptions {
  assignments: AssignmentTable
  logger: Logger
  /** How long the process may stand still, in milliseconds. */
  limitMs: number
  /** Beats on every board. Records start for `limitMs` afterwards. */
  beat(limitMs: number): void
  /** Asks the broker whether the assignment is still ours. */
  prove(): Promise<boolean>
}

export class Freeze {
  readonly #options: FreezeOptions
  /** What was assigned when the process stood still, until it is known whose it is. */
  #doubtful: readonly PartitionSlot[] = []
  #proving = false
  /** How often the process stood still. */
  #freezes = 0

  constructor(options: FreezeOptions) {
    this.#options = options
  }

  /** No record starts: the assignment is in doubt. */
  get isFrozen(): boolean {
    return this.#doubtful.length > 0
  }

  /** @param stoodStillMs how long the process stood still since the last look, in milliseconds */
  tick(stoodStillMs: number): void {
    const { assignments, logger, limitMs, beat } = this.#options
    if (stoodStillMs > limitMs) {
      this.#doubtful = [...assignments].map(({ slot }) => slot)
      this.#freezes++
      const seconds = Math.round(stoodStillMs / 1000)
      logger.warn(
        { stoodStillMs: Math.round(stoodStillMs) },
        `The process stood still for ${seconds} s. Nothing starts until the group has confirmed the assignment`,
      )
    }
    // A partition that is ours all the time stays in doubt, also where its log went back and a new epoch began.
    this.#doubtful = this.#doubtful.filter((slot) => assignments.at(slot) !== undefined)
    if (this.isFrozen) void this.#prove()
    else beat(limitMs)
  }

  async #prove(): Promise<void> {
    if (this.#proving) return
    this.#proving = true
    const freezes = this.#freezes
    const isOurs = await this.#options.prove()
    this.#proving = false
    // It may have stood still once more meanwhile.
    if (!isOurs || this.#freezes !== freezes || !this.isFrozen) return
    this.#doubtful = []
    this.#options.logger.info('The group has confirmed the assignment; work goes on')
  }
}

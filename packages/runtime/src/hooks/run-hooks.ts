/**
 * The hooks of a run on the main thread, but for those of writes: around reads, and of circuits.
 *
 * Records cross this thread as columns. Only where `postRead` is set, an object and a copy of its bytes are made of each.
 */
import type { CircuitState, TopicPartition, WorkEngine } from '@zk/engine'
import type { MainThread } from '../health/main-thread.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { ReadResult } from '../kafka/reader.js'
import type { ContextValues, Hooks, ReadAbout } from './hook-types.js'
import { writeValues } from './packed-values.js'
import { BatchMessage } from './read-message.js'

export interface RunHooksOptions {
  hooks: Hooks
  groupId: string
  engine: Pick<WorkEngine<PackedBatch>, 'assignments'>
  mainThread: MainThread
  /** The partition's end as the last fetch saw it. */
  endOf(partition: TopicPartition): number | undefined
}

export class RunHooks {
  /** Records may have values, which go to the threads with them. */
  readonly givesValues: boolean
  readonly #options: RunHooksOptions

  constructor(options: RunHooksOptions) {
    this.#options = options
    this.givesValues = isSet(options.hooks.postRead)
  }

  /** A read brought something, which the engine does not have yet. */
  read({ batch, errors }: ReadResult): void {
    const { hooks, groupId, mainThread } = this.#options
    if (isSet(hooks.postReadImmediate)) {
      const attempt = {
        groupId,
        records: batch?.length ?? 0,
        bytes: batch?.sizes.reduce((sum, size) => sum + size, 0) ?? 0,
        errors: errors.map(({ code, message }) => Object.assign(new Error(message), { code })),
      }
      mainThread.call('postReadImmediate', () => hooks.postReadImmediate!(attempt))
    }
    if (this.givesValues && batch !== undefined) this.#each(batch)
  }

  /** The engine has given its records out. */
  fannedOut({ batch }: ReadResult): void {
    const { hooks, groupId, mainThread } = this.#options
    if (!isSet(hooks.postFanout)) return
    const fanout = { groupId, records: batch?.length ?? 0 }
    mainThread.call('postFanout', () => hooks.postFanout!(fanout))
  }

  /** Called within the engine, which the user's code must not see half done. */
  circuitChanged(partition: TopicPartition | undefined, from: CircuitState, to: CircuitState): void {
    const { hooks, groupId, mainThread } = this.#options
    if (!isSet(hooks.circuitBreakerStateChanged)) return
    const of = partition && { topic: partition.topic, partition: partition.partition }
    queueMicrotask(() =>
      mainThread.call('circuitBreakerStateChanged', () =>
        hooks.circuitBreakerStateChanged!({ groupId, partition: of, from, to }),
      ),
    )
  }

  /** Records of partitions that are not ours any more, and those above the cut of one that is going, are their next owner's. */
  #each(batch: PackedBatch): void {
    const { hooks, engine, mainThread } = this.#options
    for (let i = 0; i < batch.length; i++) {
      const assignment = engine.assignments.at(batch.slots[i]!)
      if (assignment === undefined || batch.offsets[i]! > assignment.cut) continue
      const message = new BatchMessage(assignment.topic, assignment.partition, batch, i)
      const about = new About(this.#options, message)
      const values = mainThread.ask('postRead', () => hooks.postRead!(message, about), writeValues)
      if (values === undefined) continue
      batch.values ??= []
      batch.values[i] = values
    }
  }
}

class About implements ReadAbout {
  readonly groupId: string
  readonly values: Readonly<ContextValues> = {}
  readonly #options: RunHooksOptions
  readonly #message: BatchMessage

  constructor(options: RunHooksOptions, message: BatchMessage) {
    this.groupId = options.groupId
    this.#options = options
    this.#message = message
  }

  get lag(): number | undefined {
    const { topic, partition, offset } = this.#message
    const end = this.#options.endOf({ topic, partition })
    return end === undefined ? undefined : Math.max(0, end - offset - 1)
  }
}

function isSet(hook: unknown): boolean {
  return hook !== undefined && hook !== null
}

/** What the process that measures is told, and what it tells: one process for one run. */
import type { DescribedError } from '../../describe-error.js'
import type { ConnectionFlags } from '../connection-options.js'
import type { RunFigures, Way } from './figures.js'

export interface RunSpec extends Way {
  readonly processor: string
  readonly processorOptions: unknown
  /** What flags say of batches, in place of the same fields of the file. */
  readonly batch: { readonly maxSize?: number; readonly maxWaitMs?: number } | undefined
  readonly flags: ConnectionFlags
  /** Of the embedded broker; undefined where the flags say which. */
  readonly bootstrapServers: string | undefined
  readonly topic: string
  /** Of the topic. */
  readonly partitions: number
  /** Filled slowly while latencies are measured; undefined where they are not. */
  readonly pacedTopic: string | undefined
  readonly group: string
  /** How long the measured window lasts, behind the warm-up (`throughput-window.ts`). */
  readonly seconds: number
  /** How many records there are. */
  readonly messages: number
  /** Share of them that wait for each other: of the most frequent key or the fullest partition, 0 to 1. */
  readonly hottest: number
  /** How long a handler took in the first way, which has the fewest in progress, in microseconds; undefined in its first run. */
  readonly aloneUs: number | undefined
}

/** To the process. */
export type ToRun =
  | { type: 'run'; spec: RunSpec }
  /** So many were written to the paced topic, and no more will be. */
  | { type: 'paced' }

/** From it. */
export type FromRun =
  | { type: 'progress'; messages: number }
  /** It reads the paced topic, which is to be filled at this rate. */
  | { type: 'pace'; perSecond: number; seconds: number }
  | { type: 'done'; result: RunFigures }
  | { type: 'failed'; error: DescribedError }

/** What a metric is, and what its values are read from. */

import type { CircuitState } from '@zk/engine'
import type { DeadLetterHealth } from '../delivery/refusal-log.js'
import type { DeathCause } from '../threads/thread-end.js'
import type { WorkState } from '../work/state.js'
import type { StallCause } from './stall.js'
import type { WorkHealth } from './work-health.js'

/** What the metrics of one work are read from. */
export interface Measurements {
  /** With `busy` of threads over the last second. */
  state: WorkState
  health: WorkHealth
  /** By topic and partition, as in `state.partitions`: how long each has stood with something left to do. */
  stoodMs: readonly number[]
  deaths: readonly (readonly [DeathCause, number])[]
  stalls: readonly (readonly [StallCause['type'], number])[]
  blocked: readonly (readonly [by: string, times: number])[]
  callbackErrors: readonly (readonly [callback: string, times: number])[]
  /** Undefined without a dead letter topic. */
  deadLetters: DeadLetterHealth | undefined
  /** `work`: the state of the one circuit that is for all, where `scope` says so. No scope: no circuit breakers. */
  circuits: {
    scope: 'work' | 'partition' | undefined
    work: CircuitState
    changes: readonly (readonly [to: CircuitState, number])[]
  }
  /** Records that were read and are not due yet. */
  delayed: number
  outputs: { acknowledged: number; failed: number; refused: number; waiting: number }
  /** Commits that the broker acknowledged. */
  commits: number
}

export interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
}

export interface MetricEntry {
  name: `zk_${string}`
  type: 'gauge' | 'counter'
  help: string
  labels: readonly string[]
  read(of: Measurements): readonly Sample[]
}

export const one = (value: number): Sample[] => [{ labels: {}, value }]
export const flag = (is: boolean) => one(is ? 1 : 0)

type Partition = WorkState['partitions'][number]

/** Partitions of which the value is not known have no sample. */
export const partitions =
  (read: (partition: Partition, of: Measurements, index: number) => number | undefined) =>
  (of: Measurements): Sample[] =>
    of.state.partitions.flatMap((partition, index) => {
      const value = read(partition, of, index)
      return value === undefined ? [] : [{ labels: placeOf(partition), value }]
    })

export const by = (label: string, counts: readonly (readonly [string, number])[]): Sample[] =>
  counts.map(([name, value]) => ({ labels: { [label]: name }, value }))

export function placeOf({ topic, partition }: { topic: string; partition: number }): Record<string, string> {
  return { topic, partition: String(partition) }
}

export const OF_PARTITION = ['topic', 'partition']

/** Metrics of what handlers' failures lead to, and of records that wait for their time. */
import type { CircuitState } from '@zk/engine'
import type { DeadLetterHealth } from '../delivery/refusal-log.js'
import { by, type Measurements, type MetricEntry, OF_PARTITION, one, placeOf, type Sample } from './metric-entry.js'

/** 0 without a dead letter topic. */
const letters =
  (read: (of: DeadLetterHealth) => number) =>
  ({ deadLetters }: Measurements): Sample[] =>
    one(deadLetters === undefined ? 0 : read(deadLetters))

const CIRCUIT_VALUES: Record<CircuitState, number> = { closed: 0, 'half-open': 1, open: 2 }

function circuitStates({ state, circuits }: Measurements): Sample[] {
  if (circuits.scope === undefined) return []
  if (circuits.scope === 'work') return one(CIRCUIT_VALUES[circuits.work])
  return state.partitions.map((partition) => ({
    labels: placeOf(partition),
    value: CIRCUIT_VALUES[partition.circuit ?? 'closed'],
  }))
}

export const failureMetrics: readonly MetricEntry[] = [
  {
    name: 'zk_retries_total',
    type: 'counter',
    help: 'Failed attempts that were followed, or are going to be, by another in the same thread.',
    labels: [],
    read: ({ state }) => one(state.counters.retries),
  },
  {
    name: 'zk_records_delayed',
    type: 'gauge',
    help: 'Records that were read and are not due yet (processDelayMs).',
    labels: [],
    read: ({ delayed }) => one(delayed),
  },
  {
    name: 'zk_circuit_state',
    type: 'gauge',
    help: '0 for a circuit that is closed, 1 half-open, 2 open; of the whole work without topic and partition.',
    labels: OF_PARTITION,
    read: circuitStates,
  },
  {
    name: 'zk_circuit_changes_total',
    type: 'counter',
    help: 'Changes of circuits, by the state that came of them.',
    labels: ['to'],
    read: ({ circuits }) => (circuits.scope === undefined ? [] : by('to', circuits.changes)),
  },
  {
    name: 'zk_dead_letters_written_total',
    type: 'counter',
    help: 'Records that the dead letter topic has acknowledged.',
    labels: [],
    read: letters(({ written }) => written),
  },
  {
    name: 'zk_dead_letters_refused_total',
    type: 'counter',
    help: 'Writes to the dead letter topic that failed; each is tried again.',
    labels: [],
    read: letters(({ refused }) => refused),
  },
  {
    name: 'zk_dead_letters_waiting',
    type: 'gauge',
    help: 'Records that failed for good and that the dead letter topic has not acknowledged yet.',
    labels: [],
    read: letters(({ waiting }) => waiting),
  },
  {
    name: 'zk_dead_letters_refusing_seconds',
    type: 'gauge',
    help: 'Time for which the dead letter topic has refused what waits for it; 0 when it takes it.',
    labels: [],
    read: letters(({ waiting, refusingMs = 0 }) => (waiting === 0 ? 0 : refusingMs / 1000)),
  },
  {
    name: 'zk_dead_letters_oldest_seconds',
    type: 'gauge',
    help: 'Time for which the oldest record has waited for the dead letter topic; 0 without any.',
    labels: [],
    read: letters(({ oldestMs = 0 }) => oldestMs / 1000),
  },
]

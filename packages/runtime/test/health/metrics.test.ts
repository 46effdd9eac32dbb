import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Measurements } from '../../src/health/metric-entry.js'
import { metricTable } from '../../src/health/metric-table.js'
import { renderMetrics } from '../../src/health/render-metrics.js'
import { healthBeforeRun } from '../../src/health/work-health.js'

const measured = (topic = 'orders'): Measurements => ({
  state: {
    ...{ phase: 'running', reader: 'native' },
    partitions: [
      {
        ...{ topic, partition: 3, state: 'assigned', watermark: 7, committed: 5, lag: 12, inFlight: 4, paused: true },
        ...{ delayedUntil: undefined, circuit: 'half-open' },
      },
      {
        topic,
        partition: 4,
        state: 'assigned',
        watermark: undefined,
        committed: undefined,
        lag: undefined,
        inFlight: 0,
        paused: false,
        ...{ delayedUntil: 1_700_000_000_000, circuit: 'closed' },
      },
    ],
    threads: [{ index: 0, up: true, running: 2, concurrency: 4, queued: 5, processed: 99, busy: 0.25 }],
    window: { messages: 4, maxMessages: 256, bytes: 1_000, maxBytes: 64_000 },
    counters: {
      processed: 99,
      deadLettered: 0,
      failed: 1,
      redelivered: 2,
      threadDeaths: 1,
      staleAcks: 3,
      committed: 90,
      retries: 8,
    },
  },
  health: {
    ...healthBeforeRun(),
    stalls: [
      {
        ...{ topic, partition: 3, watermark: 7, lag: 12, key: 'secret key', since: '', forMs: 31_500 },
        cause: { type: 'unexplained', thread: 0 },
      },
    ],
    mainThread: { lagMs: 250, blocks: [] },
  },
  stoodMs: [31_500, 0],
  deaths: [
    ['crash', 1],
    ['exit', 0],
  ],
  stalls: [['sleeping', 2]],
  blocked: [['onEvent (assigned)', 1]],
  delayed: 5,
  circuits: {
    scope: 'work',
    work: 'open',
    changes: [
      ['open', 2],
      ['half-open', 1],
      ['closed', 0],
    ],
  },
  deadLetters: {
    ...{ topic: 'orders.dlt', waiting: 3, oldestMs: 31_000, refusingMs: 12_500, reason: 'no' },
    ...{ written: 11, refused: 4, retried: 3, uncertain: 0 },
  },
  outputs: { acknowledged: 7, failed: 1, refused: 0, waiting: 2 },
  callbackErrors: [['onDone', 3]],
  commits: 6,
})

test('every value stands under its name and labels', async () => {
  const lines = (await renderMetrics(measured(), 'billing')).split('\n')
  for (const line of [
    'zk_live{group="billing"} 1',
    'zk_ready{group="billing"} 0',
    'zk_main_thread_lag_seconds{group="billing"} 0.25',
    'zk_main_thread_blocks_total{by="onEvent (assigned)",group="billing"} 1',
    'zk_callback_errors_total{callback="onDone",group="billing"} 3',
    'zk_partition_lag{topic="orders",partition="3",group="billing"} 12',
    'zk_partition_watermark_age_seconds{topic="orders",partition="3",group="billing"} 31.5',
    'zk_partition_stalled{topic="orders",partition="3",cause="unexplained",group="billing"} 1',
    'zk_stalls_total{cause="sleeping",group="billing"} 2',
    'zk_window_messages{group="billing"} 4',
    'zk_window_bytes{group="billing"} 1000',
    'zk_thread_running{thread="0",group="billing"} 2',
    'zk_thread_busy_ratio{thread="0",group="billing"} 0.25',
    'zk_thread_deaths_total{cause="crash",group="billing"} 1',
    'zk_thread_deaths_total{cause="exit",group="billing"} 0',
    'zk_records_processed_total{group="billing"} 99',
    'zk_records_failed_total{group="billing"} 1',
    'zk_records_redelivered_total{group="billing"} 2',
    'zk_records_committed_total{group="billing"} 90',
    'zk_stale_acks_total{group="billing"} 3',
    'zk_retries_total{group="billing"} 8',
    'zk_records_delayed{group="billing"} 5',
    'zk_circuit_state{group="billing"} 2',
    'zk_circuit_changes_total{to="open",group="billing"} 2',
    'zk_circuit_changes_total{to="closed",group="billing"} 0',
    'zk_dead_letters_written_total{group="billing"} 11',
    'zk_dead_letters_refused_total{group="billing"} 4',
    'zk_dead_letters_waiting{group="billing"} 3',
    'zk_dead_letters_refusing_seconds{group="billing"} 12.5',
    'zk_dead_letters_oldest_seconds{group="billing"} 31',
    'zk_outputs_total{outcome="acknowledged",group="billing"} 7',
    'zk_outputs_waiting{group="billing"} 2',
    'zk_commits_total{group="billing"} 6',
  ]) {
    expect(lines).toContain(line)
  }
  // What is not known has no value.
  expect(lines.filter((line) => line.startsWith('zk_partition_lag{'))).toHaveLength(1)
  expect(lines.join('\n')).not.toContain('secret key')
})

test('circuits of partitions are told for each, and what is not configured has none', async () => {
  const of = measured()
  const text = await renderMetrics({ ...of, circuits: { ...of.circuits, scope: 'partition' } }, 'billing')
  const states = text.split('\n').filter((line) => line.startsWith('zk_circuit_state{'))
  expect(states).toEqual([
    'zk_circuit_state{topic="orders",partition="3",group="billing"} 1',
    'zk_circuit_state{topic="orders",partition="4",group="billing"} 0',
  ])
  const without = { ...of, circuits: { ...of.circuits, scope: undefined } }
  expect(await renderMetrics(without, 'billing')).not.toMatch(/^zk_circuit\w*\{/m)
})

test('without a dead letter topic its values are 0', async () => {
  const text = await renderMetrics({ ...measured(), deadLetters: undefined }, 'x')
  const values = text.split('\n').filter((line) => line.startsWith('zk_dead_letters'))
  expect(values.map((line) => line.split(' ')[1])).toEqual(['0', '0', '0', '0', '0'])
})

test('a refusal of dead letters that nobody waits for any more is over', async () => {
  const of = measured()
  const deadLetters = { ...of.deadLetters!, waiting: 0 }
  expect(await renderMetrics({ ...of, deadLetters }, 'x')).toContain('zk_dead_letters_refusing_seconds{group="x"} 0')
})

test('every line is one of a sample or of its description, and every metric has help and type', async () => {
  const text = await renderMetrics(measured(), 'billing')
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(
      /^(# HELP zk_\w+ \S.*|# TYPE zk_\w+ (gauge|counter)|zk_\w+\{(\w+="[^"\\]*",?)+\} -?[\d.e+-]+|)$/,
    )
  }
  for (const { name, type } of metricTable) {
    expect(text).toContain(`# HELP ${name} `)
    expect(text).toContain(`# TYPE ${name} ${type}`)
    expect(name.endsWith('_total')).toBe(type === 'counter')
  }
  expect(new Set(metricTable.map(({ name }) => name)).size).toBe(metricTable.length)
})

test('values of labels are escaped', async () => {
  const text = await renderMetrics(measured('a"b\\c\nd'), 'x')
  expect(text).toContain('zk_partition_lag{topic="a\\"b\\\\c\\nd",partition="3",group="x"} 12')
})

test('two renderings share nothing', async () => {
  const [first, second] = await Promise.all([renderMetrics(measured('a'), 'one'), renderMetrics(measured('b'), 'two')])
  expect(first).toContain('topic="a"')
  expect(second).not.toContain('topic="a"')
  expect(await renderMetrics(measured('a'), 'one')).toContain('zk_records_processed_total{group="one"} 99')
})

test('the page about metrics has each of them, with its help', () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(zk_\w+)` \|/gm)].map(([, name]) => name)
  expect(rows).toEqual(metricTable.map(({ name }) => name))
  for (const { name, type, labels, help } of metricTable) {
    const list = labels.map((label) => `\`${label}\``).join(', ')
    expect(page).toContain(`| \`${name}\` | ${type} | ${list} | ${help} |`)
  }
})

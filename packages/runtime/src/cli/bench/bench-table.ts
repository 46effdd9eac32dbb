/** The figures as a table for people, and as objects for programs. */
import { ZkError } from '../../zk-error.js'
import { formatTable } from '../output.js'
import { concurrencyText, efficiency, failedText, gain, mean, type Point, percentText, wayText } from './figures.js'
import type { LostWay } from './plan.js'

interface Column {
  readonly name: string
  cell(point: Point, points: readonly Point[]): string | number
}

/** Of a point, as the table and the report show it. */
export const columns: readonly Column[] = [
  { name: 'speedup', cell: ({ speedup }) => speedup },
  { name: 'conc.', cell: concurrencyText },
  { name: 'messages/s', cell: ({ perSecond }) => Math.round(perSecond) },
  { name: 'gain', cell: (point, points) => `${gain(point, points[0]!).toFixed(2)} ×` },
  { name: 'efficiency', cell: (point, points) => percentText(efficiency(point, points)) },
  { name: 'handler p50', cell: ({ handlerP50Us }) => time(handlerP50Us) },
  { name: 'p99', cell: ({ handlerP99Us }) => time(handlerP99Us) },
  { name: 'end to end p50', cell: ({ endToEndP50Ms }) => millis(endToEndP50Ms) },
  { name: 'p99', cell: ({ endToEndP99Ms }) => millis(endToEndP99Ms) },
  { name: 'threads busy', cell: ({ busy }) => percents(busy) },
  { name: 'lanes used', cell: ({ occupied }) => percents(occupied) },
  { name: 'main busy', cell: ({ mainBusy }) => percentText(mainBusy) },
  { name: 'CPU/message', cell: ({ cpuUsPerMessage }) => time(cpuUsPerMessage) },
  { name: 'RSS MiB', cell: ({ rssMb }) => Math.round(rssMb) },
  { name: 'failed', cell: failedText },
]

export function benchTable(points: readonly Point[]): string {
  return formatTable([
    columns.map(({ name }) => name),
    ...points.map((point) => columns.map(({ cell }) => cell(point, points))),
  ])
}

/** With what the table computes. */
export function benchEvent(point: Point, points: readonly Point[]): Record<string, unknown> {
  return { event: 'bench', ...point, gain: gain(point, points[0]!), efficiency: efficiency(point, points) }
}

/** Of a way that is no line of the table. */
export function leftOutEvent({ speedup, concurrency, error }: LostWay): Record<string, unknown> {
  return { event: 'left-out', speedup, concurrency, code: codeOf(error), message: error.message }
}

export function leftOutNote(way: LostWay): string {
  return `${wayText(way)} is left out, ${codeOf(way.error)}: ${way.error.message}`
}

export function codeOf(error: Error): string {
  return ZkError.is(error) ? error.code : error.name
}

/** @param us microseconds */
function time(us: number): string {
  if (us < 1) return '<1 µs'
  if (us < 100) return `${us.toFixed(us < 10 ? 1 : 0)} µs`
  return us < 1e6 ? `${(us / 1_000).toFixed(us < 1e5 ? 2 : 0)} ms` : `${(us / 1e6).toFixed(1)} s`
}

function millis(ms: number | undefined): string {
  return ms === undefined ? '–' : time(ms * 1_000)
}

/** A few one by one; of many the least, the mean and the most. */
function percents(shares: readonly number[]): string {
  const number = (share: number) => Math.round(share * 100)
  if (shares.length <= 4) return `${shares.map(number).join(' ')} %`
  return `${number(Math.min(...shares))}–${number(Math.max(...shares))}, mean ${number(mean(shares))} %`
}

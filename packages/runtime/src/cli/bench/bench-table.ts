/** The figures as a table for people, and as objects for programs. */
import { formatTable } from '../output.js'
import { concurrencyText, efficiency, gain, mean, type Point } from './figures.js'

export function benchTable(points: readonly Point[]): string {
  const first = points[0]!
  return formatTable([
    [
      ...['speedup', 'conc.', 'messages/s', 'gain', 'efficiency', 'handler p50', 'p99', 'end to end p50', 'p99'],
      ...['threads busy', 'lanes used', 'main busy', 'CPU/message', 'RSS MiB', 'failed'],
    ],
    ...points.map((point) => [
      point.speedup,
      concurrencyText(point),
      Math.round(point.perSecond),
      `${gain(point, first).toFixed(2)} ×`,
      share(efficiency(point, points)),
      time(point.handlerP50Us),
      time(point.handlerP99Us),
      millis(point.endToEndP50Ms),
      millis(point.endToEndP99Ms),
      percents(point.busy),
      percents(point.occupied),
      percent(point.mainBusy),
      time(point.cpuUsPerMessage),
      Math.round(point.rssMb),
      point.failed,
    ]),
  ])
}

/** With what the table computes. */
export function benchEvent(point: Point, points: readonly Point[]): Record<string, unknown> {
  return { event: 'bench', ...point, gain: gain(point, points[0]!), efficiency: efficiency(point, points) }
}

/** @param us microseconds */
export function time(us: number): string {
  if (us < 1) return '<1 µs'
  if (us < 100) return `${us.toFixed(us < 10 ? 1 : 0)} µs`
  return us < 1e6 ? `${(us / 1_000).toFixed(us < 1e5 ? 2 : 0)} ms` : `${(us / 1e6).toFixed(1)} s`
}

export function millis(ms: number | undefined): string {
  return ms === undefined ? '–' : time(ms * 1_000)
}

export const share = (value: number | undefined) => (value === undefined ? '–' : percent(value))

export const percent = (share: number) => `${Math.round(share * 100)} %`

/** A few one by one; of many the least, the mean and the most. */
export function percents(shares: readonly number[]): string {
  const number = (share: number) => Math.round(share * 100)
  if (shares.length <= 4) return `${shares.map(number).join(' ')} %`
  return `${number(Math.min(...shares))}–${number(Math.max(...shares))}, mean ${number(mean(shares))} %`
}

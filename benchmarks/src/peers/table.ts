/** From runs to rows, and from rows to a table. */
import { median } from '@zk/runtime/internal'
import { percentile } from '../percentile.js'
import { type Result, summarize } from '../report.js'
import { type Quoted, zkafka } from './elsewhere.js'
import { programs } from './programs.js'
import type { Run } from './run.js'
import type { Entry, Work } from './works.js'

/** A producer and a group are under way for so many messages before latencies count. */
export const LATENCY_WARM_UP = 3_000

export interface Measured {
  entry: Entry
  /** One a round, in the order of the rounds. */
  runs: readonly Run[]
}

interface Figure {
  unit: string
  of(run: Run): number
}

const PER_SECOND: Figure = { unit: 'messages/s', of: (run) => run.messages / run.seconds }
const CPU: Figure = { unit: 'CPU µs/message', of: (run) => (run.cpuSeconds * 1e6) / run.messages }
const RSS: Figure = { unit: 'peak RSS MiB', of: (run) => run.peakRssMiB }
const P50: Figure = { unit: 'p50 ms', of: (run) => percentile(counted(run), 0.5) }
const P99: Figure = { unit: 'p99 ms', of: (run) => percentile(counted(run), 0.99) }

const counted = ({ latencies = [] }: Run): number[] => latencies.slice(LATENCY_WARM_UP)

/** What a work is judged by, and in which direction. */
function judgedBy({ handler }: Work): { figure: Figure; higherIsBetter: boolean } {
  return handler === 'latency' ? { figure: P99, higherIsBetter: false } : { figure: PER_SECOND, higherIsBetter: true }
}

/** In the shape of all suites: the value is ours, the baseline that of the peer in the same round. */
export function results(work: Work, measured: readonly Measured[]): Result[] {
  const [own, ...others] = measured
  const figures = work.handler === 'latency' ? [P50, P99, CPU, RSS] : [PER_SECOND, CPU, RSS]
  return others.flatMap(({ entry, runs }) =>
    figures.map(({ unit, of }) =>
      summarize({
        suite: 'peers',
        case: `${work.name}: ${titleOf(own!.entry)} to ${titleOf(entry)}`,
        unit,
        values: own!.runs.map(of),
        baselines: runs.map(of),
      }),
    ),
  )
}

export const titleOf = ({ peer, note }: Entry): string => `${programs[peer].title}, ${note}`

export function columnsOf({ handler }: Work): string[] {
  const middle = handler === 'latency' ? ['p50 ms', 'p99 ms min / med / max'] : ['messages/s min / med / max']
  return ['program', 'order', ...middle, 'CPU µs/message', 'peak RSS MiB', 'ours ÷ it']
}

export function rows(work: Work, measured: readonly Measured[]): string[][] {
  const own = measured[0]!
  const { figure } = judgedBy(work)
  const here = measured.map(({ entry, runs }) => {
    const of = (one: Figure) => runs.map(one.of)
    const middle = work.handler === 'latency' ? [short(median(of(P50))), threeOf(of(P99))] : [threeOf(of(PER_SECOND))]
    const cpu = short(median(of(CPU)))
    const rss = Math.max(...of(RSS))
    const ratio = runs === own.runs ? '1' : ratioOf(figure, own.runs, runs).toFixed(2)
    return [titleOf(entry), entry.order, ...middle, cpu, rss === 0 ? '' : String(Math.round(rss)), ratio]
  })
  return [...here, ...(zkafka[work.name] ?? []).map(quotedRow)]
}

function quotedRow({ workers, perSecond, cpu = '' }: Quoted): string[] {
  const at = workers === 1 ? '1 worker' : `${workers.toLocaleString('en-US')} workers`
  return [`zkafka, ${at}, measured elsewhere`, 'key', perSecond.map(short).join(' / '), cpu, '', '']
}

/** Who is ahead, said in sentences: a table hides it from those who do not look for it. */
export function verdict(work: Work, measured: readonly Measured[]): string {
  const { figure, higherIsBetter } = judgedBy(work)
  const latency = work.handler === 'latency' ? [aheadIn(P50, false, measured)] : []
  return [...latency, aheadIn(figure, higherIsBetter, measured), aheadIn(CPU, false, measured)].join(' ')
}

function aheadIn(figure: Figure, higherIsBetter: boolean, [own, ...others]: readonly Measured[]): string {
  const ahead = others
    .filter(({ entry }) => entry.peer !== 'zk')
    .flatMap(({ entry, runs }) => {
      const ratio = ratioOf(figure, own!.runs, runs)
      return (higherIsBetter ? ratio < 1 : ratio > 1) ? [`${titleOf(entry)} (ours ÷ it: ${ratio.toFixed(2)})`] : []
    })
  return ahead.length === 0
    ? `No peer is ahead of ${titleOf(own!.entry)} in ${figure.unit}.`
    : `Ahead of ${titleOf(own!.entry)} in ${figure.unit}: ${ahead.join('; ')}.`
}

/** Programs that computed something else did other work, and their figures say nothing. */
export function disagreement(measured: readonly Measured[]): string | undefined {
  const sums = new Map<string, string>()
  for (const { entry, runs } of measured) for (const { checksum } of runs) sums.set(checksum, titleOf(entry))
  return sums.size > 1
    ? `checksums differ: ${[...sums].map(([sum, title]) => `${sum} (${title})`).join(', ')}`
    : undefined
}

function ratioOf({ of }: Figure, own: readonly Run[], other: readonly Run[]): number {
  return median(own.map((run, round) => of(run) / of(other[round]!)))
}

function threeOf(values: readonly number[]): string {
  return [Math.min(...values), median(values), Math.max(...values)].map(short).join(' / ')
}

function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)
}

export function asMarkdown(table: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const [head, ...body] = table
  return [line(head!), `|${'---|'.repeat(head!.length)}`, ...body.map(line)].join('\n')
}

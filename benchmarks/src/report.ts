/** The one shape that every suite reports, for people and machines. */
import { median } from '@zk/runtime/internal'
import { type Header, headerText } from './header.js'

/** One figure of one case, over several runs, beside what it is compared with. */
export interface Result {
  suite: string
  case: string
  unit: string
  /** The median. */
  value: number
  /** The median of what it is compared with, measured in the same run; null where the figure stands alone. */
  baseline: number | null
  /** value / baseline, the median over the pairs of runs. */
  ratio: number | null
  runs: number
  min: number
  median: number
  max: number
}

export interface Figures {
  suite: string
  case: string
  unit: string
  values: readonly number[]
  /** In the order of `values`: each pair ran next to each other. */
  baselines?: readonly number[]
}

export function summarize({ suite, case: name, unit, values, baselines }: Figures): Result {
  const middle = median(values)
  return {
    suite,
    case: name,
    unit,
    value: middle,
    baseline: baselines === undefined ? null : median(baselines),
    ratio: baselines === undefined ? null : median(values.map((value, i) => value / baselines[i]!)),
    runs: values.length,
    min: Math.min(...values),
    median: middle,
    max: Math.max(...values),
  }
}

export function print(header: Header, results: readonly Result[], json: boolean): void {
  if (json) {
    for (const line of [{ header }, ...results]) console.log(JSON.stringify(line))
    return
  }
  console.log(headerText(header))
  const rows = results.map((result) => [
    `${result.suite} ${result.case}`,
    result.unit,
    short(result.median),
    `${short(result.min)} … ${short(result.max)}`,
    result.baseline === null ? '' : short(result.baseline),
    result.ratio === null ? '' : result.ratio.toFixed(3),
    String(result.runs),
  ])
  console.log(aligned([['case', 'unit', 'median', 'min … max', 'baseline', 'ratio', 'runs'], ...rows]))
}

/** @param table its first row is the head */
export function aligned(table: readonly (readonly string[])[]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')
  return table.map((row) => line(row).trimEnd()).join('\n')
}

function short(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)
}

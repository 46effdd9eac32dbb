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
  /** Of the other side, and of the ratios: how far apart their runs were. Null where the figure stands alone. */
  baselineMin: number | null
  baselineMax: number | null
  ratioMin: number | null
  ratioMax: number | null
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
  const own = spreadOf(values)
  const other = baselines === undefined ? NONE : spreadOf(baselines)
  const ratios = baselines === undefined ? NONE : spreadOf(values.map((value, i) => value / baselines[i]!))
  return {
    suite,
    case: name,
    unit,
    value: own.median,
    baseline: other.median,
    ratio: ratios.median,
    runs: values.length,
    ...own,
    baselineMin: other.min,
    baselineMax: other.max,
    ratioMin: ratios.min,
    ratioMax: ratios.max,
  }
}

const NONE = { min: null, median: null, max: null }

function spreadOf(values: readonly number[]): { min: number; median: number; max: number } {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) }
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
    range(result.min, result.max, short),
    result.baseline === null ? '' : short(result.baseline),
    range(result.baselineMin, result.baselineMax, short),
    result.ratio === null ? '' : result.ratio.toFixed(3),
    range(result.ratioMin, result.ratioMax, (ratio) => ratio.toPrecision(3)),
    String(result.runs),
  ])
  const head = ['case', 'unit', 'median', 'min … max', 'baseline', 'min … max', 'ratio', 'min … max', 'runs']
  console.log(aligned([head, ...rows]))
}

/** @param table its first row is the head */
export function aligned(table: readonly (readonly string[])[]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')
  return table.map((row) => line(row).trimEnd()).join('\n')
}

function range(min: number | null, max: number | null, text: (value: number) => string): string {
  return min === null || max === null ? '' : `${text(min)} … ${text(max)}`
}

function short(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)
}

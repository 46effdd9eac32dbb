/** One HTML file with table, recommendation and plots. It loads nothing: no script, no font, no style from elsewhere. */
import { columns } from './bench-table.js'
import { byConcurrency, type Point } from './figures.js'
import { escapeText, linePlot, type Series } from './line-plot.js'
import type { Recommendation } from './recommend.js'

export interface Report {
  processor: string
  /** By speedup, then concurrency. */
  points: readonly Point[]
  recommendation: Recommendation
  /** What it was measured on: names and values. */
  setting: readonly (readonly [name: string, value: string])[]
}

export function htmlReport({ processor, points, recommendation, setting }: Report): string {
  const { sentence, notes } = recommendation
  const hasLatencies = points.some(({ endToEndP50Ms }) => endToEndP50Ms !== undefined)
  const plots = [
    linePlot({
      title: 'Throughput against speedup',
      x: 'speedup (threads)',
      y: 'messages/s',
      series: lines(points, ({ perSecond }) => perSecond),
    }),
    linePlot({
      title: 'Time in the handler against speedup (p99 dashed)',
      x: 'speedup (threads)',
      y: 'ms',
      series: [
        ...lines(points, ({ handlerP50Us }) => handlerP50Us / 1_000),
        ...lines(points, ({ handlerP99Us }) => handlerP99Us / 1_000, true),
      ],
    }),
    ...(hasLatencies
      ? [
          linePlot({
            title: 'Latency end to end against speedup (p99 dashed)',
            x: 'speedup (threads)',
            y: 'ms',
            series: [
              ...lines(points, ({ endToEndP50Ms }) => endToEndP50Ms),
              ...lines(points, ({ endToEndP99Ms }) => endToEndP99Ms, true),
            ],
          }),
        ]
      : []),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>zk bench: ${escapeText(processor)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>zk bench</h1>
<p><code>${escapeText(processor)}</code></p>
<p class="recommendation">${escapeText(sentence)}.</p>
${notes.map((note) => `<p>${escapeText(note)}</p>`).join('\n')}
<div class="plots">
${plots.join('\n')}
</div>
${table(points, recommendation)}
<dl>
${setting.map(([name, value]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd>`).join('\n')}
</dl>
</body>
</html>
`
}

/** One for each concurrency. */
function lines(points: readonly Point[], read: (point: Point) => number | undefined, isDashed = false): Series[] {
  const concurrencies = [...new Set(points.map(({ concurrency }) => concurrency))].sort(byConcurrency)
  return concurrencies.map((concurrency, index) => ({
    name: `concurrency ${concurrency}`,
    colour: COLOURS[index % COLOURS.length]!,
    isDashed,
    points: points.flatMap((point) => {
      const y = point.concurrency === concurrency ? read(point) : undefined
      return y === undefined ? [] : [{ x: point.speedup, y }]
    }),
  }))
}

/** And what a terminal is too narrow for. */
const COLUMNS: typeof columns = [
  ...columns,
  { name: 'least', cell: ({ minPerSecond }) => Math.round(minPerSecond) },
  { name: 'most', cell: ({ maxPerSecond }) => Math.round(maxPerSecond) },
  { name: 'runs', cell: ({ runs }) => runs },
]

function table(points: readonly Point[], { speedup, concurrency }: Recommendation): string {
  const row = (cells: readonly (string | number)[], tag: 'td' | 'th') =>
    cells.map((cell) => `<${tag}>${escapeText(cell.toLocaleString('en-US'))}</${tag}>`).join('')
  const rows = points.map((point) => {
    const isChosen = point.speedup === speedup && point.concurrency === concurrency
    const cells = COLUMNS.map(({ cell }) => cell(point, points))
    return `<tr${isChosen ? ' class="chosen"' : ''}>${row(cells, 'td')}</tr>`
  })
  const head = COLUMNS.map(({ name }) => name)
  return `<table>\n<thead><tr>${row(head, 'th')}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`
}

/** Told apart with the common kinds of colour blindness (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222; background: #fff }
.recommendation { font-size: 1.3rem; font-weight: 600 }
.plots { display: flex; flex-wrap: wrap; gap: 1rem }
svg { width: 34rem; max-width: 100%; height: auto }
table { border-collapse: collapse; margin: 1.5rem 0; display: block; overflow-x: auto }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #ddd }
.chosen { background: #e6f4ea; font-weight: 600 }
dl { display: grid; grid-template-columns: max-content auto; gap: .2rem 1rem }
dt { color: #666 }
dd { margin: 0 }
`

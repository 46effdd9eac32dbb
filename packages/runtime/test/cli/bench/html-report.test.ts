import { expect, test } from 'vitest'
import { htmlReport } from '../../../src/cli/bench/html-report.js'
import { point } from './points.js'

const points = [
  point(1, 1, { perSecond: 1_000 }),
  point(1, 16, { perSecond: 9_000, endToEndP50Ms: undefined, endToEndP99Ms: undefined }),
  point(2, 1, { perSecond: 2_000, busy: [0.5, 0.5] }),
]
const recommendation = {
  ...{ speedup: 1, concurrency: 16, bound: 'io' as const },
  sentence: 'I/O-bound: speedup 1, concurrency 16',
  notes: ['Messages failed & <so on>.'],
}
const html = () =>
  htmlReport({ processor: '/x/<p>.js', points, recommendation, setting: [['Machine', '"many" cores']] })

test('the report loads nothing and runs nothing', () => {
  expect(html()).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\ssrc=|\shref=|https?:/i)
})

test('it has a plot of throughput, of handlers and of latencies, with a point for each that was measured', () => {
  const plots = html().split('<svg').slice(1)
  expect(plots).toHaveLength(3)
  const dots = plots.map((plot) => plot.match(/<circle/g)!.length)
  expect(dots).toEqual([3, 6, 4])
  // Twice as many threads, twice as far to the right; twice the throughput, twice as high.
  const [, one, two] = /points="([\d.]+,[\d.]+) ([\d.]+,[\d.]+)"/.exec(plots[0]!)!
  const [[x1, y1], [x2, y2]] = [one!, two!].map((place) => place.split(',').map(Number)) as [number[], number[]]
  const [left, bottom] = [76, 340 - 44]
  expect((x2! - left) / (x1! - left)).toBeCloseTo(2, 1)
  expect((bottom - y2!) / (bottom - y1!)).toBeCloseTo(2, 1)
})

test('the recommended line is marked, and names are text', () => {
  expect(html().match(/<tr class="chosen">.*/)![0]).toContain('<td>1</td><td>16</td><td>9,000</td>')
  expect(html().split('/x/&#60;p&#62;.js')).toHaveLength(3)
  expect(html()).toContain('Messages failed &#38; &#60;so on&#62;.')
})

test('without latencies end to end there is no plot of them', () => {
  const none = points.map((one) => ({ ...one, endToEndP50Ms: undefined, endToEndP99Ms: undefined }))
  expect(htmlReport({ processor: 'p', points: none, recommendation, setting: [] }).match(/<svg/g)).toHaveLength(2)
})

/** Lines in a frame, as inline SVG. Both axes begin at 0; x has a mark at each value that occurs. */

export interface Series {
  readonly name: string
  readonly colour: string
  readonly isDashed: boolean
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

export interface Plot {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly series: readonly Series[]
}

const [WIDTH, HEIGHT] = [560, 340]
const [LEFT, RIGHT, TOP, BOTTOM] = [76, 16, 34, 44]
const LEGEND_LINE = 16

export function linePlot({ title, x, y, series }: Plot): string {
  const all = series.flatMap(({ points }) => points)
  const marksX = [...new Set(all.map((point) => point.x))].sort((a, b) => a - b)
  const maxX = Math.max(1, ...marksX)
  const highest = Math.max(0, ...all.map((point) => point.y))
  const step = niceStep(highest)
  const maxY = step * Math.max(1, Math.ceil(highest / step))
  const atX = (value: number) => round(LEFT + (value / maxX) * (WIDTH - LEFT - RIGHT))
  const atY = (value: number) => round(HEIGHT - BOTTOM - (value / maxY) * (HEIGHT - TOP - BOTTOM))
  const marksY = Array.from({ length: Math.round(maxY / step) + 1 }, (_, i) => i * step)
  // A series is named once, though it has a dashed line too.
  const named = series.filter(({ isDashed, points }) => !isDashed && points.length > 0)
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT + LEGEND_LINE * Math.ceil(named.length / 3)}" role="img" aria-label="${escapeText(title)}" font-family="system-ui, sans-serif" font-size="12" fill="#222">
<text x="${LEFT}" y="18" font-weight="600">${escapeText(title)}</text>
${marksY
  .map(
    (mark) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${atY(mark)}" y2="${atY(mark)}" stroke="#ddd"/>` +
      `<text x="${LEFT - 6}" y="${atY(mark) + 4}" text-anchor="end">${numberText(mark)}</text>`,
  )
  .join('\n')}
${marksX.map((mark) => `<text x="${atX(mark)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${mark}</text>`).join('\n')}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeText(x)}</text>
<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escapeText(y)}</text>
${series.map((one) => lineOf(one, atX, atY)).join('\n')}
${named
  .map(({ name, colour }, i) => {
    const at = { x: LEFT + (i % 3) * 155, y: HEIGHT + LEGEND_LINE * Math.floor(i / 3) + 8 }
    return `<rect x="${at.x}" y="${at.y - 9}" width="10" height="10" fill="${colour}"/><text x="${at.x + 15}" y="${at.y}">${escapeText(name)}</text>`
  })
  .join('\n')}
</svg>`
}

function lineOf(
  { points, colour, isDashed }: Series,
  atX: (value: number) => number,
  atY: (value: number) => number,
): string {
  const places = points.map(({ x, y }) => ({ x: atX(x), y: atY(y) }))
  const line = places.map(({ x, y }) => `${x},${y}`).join(' ')
  const dashes = isDashed ? ' stroke-dasharray="5 4"' : ''
  // A line of one point would not be seen.
  const dots = places.map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`)
  return `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>${dots.join('')}`
}

/** 1, 2 or 5 times a power of ten, so that there are about five steps. */
function niceStep(max: number): number {
  if (max <= 0) return 1
  const rough = max / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power
}

const round = (value: number) => Math.round(value * 10) / 10

function numberText(value: number): string {
  return Number(value.toPrecision(6)).toLocaleString('en-US', { maximumFractionDigits: 6 })
}

export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

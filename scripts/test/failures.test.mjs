// @ts-check
/** Each row of docs/guides/failures.md links to what shows it; a link to a test that is gone, or that tests nothing, shows nothing. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const guides = join(import.meta.dirname, '../../docs/guides')
const text = readFileSync(join(guides, 'failures.md'), 'utf8')
const lines = text.split('\n')
const table = lines.slice(lines.findIndex((line) => line.startsWith('| What happened')) + 2)
const rows = table
  .slice(
    0,
    table.findIndex((line) => !line.startsWith('|')),
  )
  .map((line) => line.split('|').map((cell) => cell.trim()))
const linksIn = (/** @type {string} */ cell) => [...cell.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link)

test('the table is there', () => {
  expect(rows.length).toBeGreaterThan(15)
})

test.each(rows.map((cells) => [cells[1] ?? '', cells[4] ?? '']))('%s', (_what, shown) => {
  const links = linksIn(shown)
  expect(links.filter((link) => link.endsWith('.test.ts')).length).toBeGreaterThan(0)
  for (const link of links) {
    const path = join(guides, link)
    expect(existsSync(path), link).toBe(true)
    if (link.endsWith('.test.ts'))
      expect(readFileSync(path, 'utf8'), link).toMatch(/^\s*(test|describe)\b|\.test\.js'$/m)
  }
})

test('all other links lead somewhere too', () => {
  const headings = lines.filter((line) => line.startsWith('#')).map((line) => line.replace(/^#+ /, '').toLowerCase())
  const anchors = new Set(headings.map((heading) => `#${heading.replace(/[^a-z0-9 -]/g, '').replaceAll(' ', '-')}`))
  for (const link of linksIn(text).filter((one) => !one.includes('://'))) {
    expect(link.startsWith('#') ? anchors.has(link) : existsSync(join(guides, link)), link).toBe(true)
  }
})

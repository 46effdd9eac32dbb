import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { suites } from '../src/suites.js'

const page = readFileSync(new URL('../../docs/guides/benchmarks.md', import.meta.url), 'utf8')
const rows = page.split('\n').filter((line) => /^\| `[a-z-]+` \|/.test(line))

test.each(Object.entries(suites))('%s stands in the guide with its goal', (name, { goal }) => {
  const row = rows.find((line) => line.startsWith(`| \`${name}\` |`))
  expect(row, `docs/guides/benchmarks.md has no row of ${name}`).toBeDefined()
  expect(row!.split('|').at(-2)!.trim()).toBe(goal)
})

test('the guide names no suite that is not there', () => {
  const named = rows.map((line) => /`([a-z-]+)`/.exec(line)![1]!)
  // Formats have a table of their own, of formats.
  expect(named.filter((name) => page.indexOf(`| \`${name}\` |`) < page.indexOf('## What formats cost')).sort()).toEqual(
    Object.keys(suites).sort(),
  )
})

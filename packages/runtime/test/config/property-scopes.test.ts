import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { ownedProperty } from '../../src/config/owned-properties.js'
import { consumersOnly, producersOnly } from '../../src/config/property-scopes.js'

const path = createRequire(import.meta.url).resolve('node-rdkafka/deps/librdkafka/CONFIGURATION.md')

/** The names of the table's rows whose second column says C, P, or * for both. */
const scopes = new Map<string, Set<string>>()
for (const line of readFileSync(path, 'utf8').split('\n')) {
  const [, name, scope] = /^([\w.]+) +\| +([CP*]) +\|/.exec(line) ?? []
  if (name !== undefined) scopes.set(name, new Set([...(scopes.get(name) ?? []), scope!]))
}
const only = (scope: string) => [...scopes].filter(([, all]) => all.size === 1 && all.has(scope)).map(([name]) => name)

test("the lists are those of librdkafka's CONFIGURATION.md", () => {
  expect(scopes.size).toBeGreaterThan(150)
  expect([...consumersOnly].sort()).toEqual(only('C').sort())
  expect([...producersOnly].sort()).toEqual(only('P').sort())
})

test('what can only be given as a pointer of C is refused with a reason', () => {
  const rows = readFileSync(path, 'utf8').split('\n')
  const pointers = rows.filter((row) => /\*Type: see dedicated API\*/.test(row)).map((row) => row.split(' ')[0]!)
  expect(pointers.length).toBeGreaterThan(20)
  for (const name of pointers) expect(ownedProperty(name), name).toMatch(/^.{15,}$/)
})

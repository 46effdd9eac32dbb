// @ts-check
/** Each promise in docs/guarantees.md names what shows it; a test that was renamed or a proof that is gone shows nothing. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'docs/guarantees.md'), 'utf8')

const tests = new Set(
  readdirSync(join(root, 'packages'), { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.includes('node_modules') && path.endsWith('.test.ts'))
    .map((path) => path.replace(/(\.kafka)?\.test\.ts$/, '')),
)
const isTest = (/** @type {string} */ name) => [...tests].some((path) => path === name || path.endsWith(`/${name}`))
const proofs = readdirSync(join(root, 'scripts/prove')).map((file) => basename(file, '.mjs'))
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const shown = [...text.matchAll(/^\*Shown by\*[\s\S]*?(?=\n\n)/gm)].map(([lines]) => lines.replaceAll('\n', ' '))

test('every promise says what shows it', () => {
  const promises = [...text.matchAll(/^### P\d/gm)]
  expect(promises.length).toBeGreaterThan(0)
  expect(shown).toHaveLength(promises.length)
})

test.each(shown)('%s', (line) => {
  const [suites = '', ...rest] = line.split('`pnpm')
  for (const [, name = ''] of suites.matchAll(/`([^`]+)`/g)) expect(isTest(name), name).toBe(true)
  for (const part of rest) {
    const [command = '', ...names] = [...`\`pnpm${part}`.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    const [, script = '', proof] = command.split(' ')
    expect(scripts, command).toHaveProperty(script)
    for (const name of script === 'prove' ? [proof, ...names] : []) expect(proofs, name).toContain(name)
  }
})

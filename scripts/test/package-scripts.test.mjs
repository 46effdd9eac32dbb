// @ts-check
/** Of the root's scripts: what runs built code builds it first, as on a fresh clone nothing is built. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** @type {{ scripts: Record<string, string> }} */
const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** @param {string} name */
const builds = (name) => /turbo run build|pnpm build/.test(`${scripts[`pre${name}`] ?? ''} ${scripts[name] ?? ''}`)

const RUNS_BUILT_CODE = /\bdist\/|\bzk\.cjs\b|start\.mjs|scripts\/prove\//

test.each(Object.keys(scripts).filter((name) => !name.startsWith('pre')))('%s', (name) => {
  const script = /** @type {string} */ (scripts[name])
  const [, other] = /^pnpm ([\w:-]+)/.exec(script) ?? []
  const runs = other !== undefined && scripts[other] !== undefined ? other : name
  if (RUNS_BUILT_CODE.test(/** @type {string} */ (scripts[runs]))) expect(builds(runs)).toBe(true)
})

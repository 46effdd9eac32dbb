import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'bench-gate-'))
afterAll(() => rmSync(root, { recursive: true }))
let bases = 0

/** A checkout whose bench knows these suites only, and does `run` for them: by default what the bench of this one does. */
function baseOf(
  suites: readonly string[],
  run = `require('node:child_process').spawnSync(process.execPath, args, { stdio: 'inherit' })`,
) {
  const base = join(root, `base-${++bases}`)
  mkdirSync(join(base, 'benchmarks/dist'), { recursive: true })
  const help = suites.map((name) => `  ${name}  a goal`).join('\n')
  const script = `const args = [${JSON.stringify(here('../dist/cli.js'))}, ...process.argv.slice(2)]
    if (args.includes('--help')) console.log(${JSON.stringify(help)})
    else if (args.some((name) => ${JSON.stringify(['tracker', 'hop'])}.includes(name) && !${JSON.stringify(suites)}.includes(name))) process.exit(1)
    else ${run}`
  writeFileSync(join(base, 'benchmarks/dist/cli.js'), script)
  return base
}

/** Two runs of the same code: nothing is worse by a factor of a thousand. */
async function gate(base: string, ...suites: string[]) {
  const options = ['--runs', '1', '--messages', '2000', '--tolerance', '1000', '--history', join(root, 'history')]
  const child = spawn(here('../gate.sh'), [base, ...suites, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, GITHUB_ACTIONS: 'true' },
  })
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { stderr, code: code as number }
}

test('the gate passes where this checkout holds the ratios of its base', async () => {
  const { stderr, code } = await gate(baseOf(['tracker']), 'tracker')
  expect(stderr).toContain('1 ratios hold')
  expect(code).toBe(0)
})

test('a base that fails fails the gate', async () => {
  const { stderr, code } = await gate(baseOf(['tracker'], `{ console.error('no memory'); process.exit(3) }`), 'tracker')
  expect(stderr).toContain('no memory')
  expect(code).toBe(3)
})

test('a base without a bench fails the gate', async () => {
  expect((await gate(join(root, 'nowhere'), 'tracker')).code).toBe(1)
})

test('a suite that the base does not know is told as a warning, and the others are compared', async () => {
  const { stderr, code } = await gate(baseOf(['tracker']), 'tracker', 'hop')
  expect(stderr).toMatch(/^::warning::hop is not compared, no ratio before: /m)
  expect(stderr).toContain('1 ratios hold')
  expect(code).toBe(0)
})

test('a base that knows none of the suites, or whose results have another shape, fails the gate', async () => {
  expect(await gate(baseOf(['crash-journal']), 'tracker')).toMatchObject({
    stderr: expect.stringContaining('::warning::tracker is not compared, no ratio before'),
    code: 2,
  })
  const other = `console.log('{"measured":{"tracker":1}}')`
  expect(await gate(baseOf(['tracker'], other), 'tracker')).toMatchObject({ code: 2 })
})

test('CI runs the gate, and does not go on where it fails', () => {
  const workflow = readFileSync(here('../../.github/workflows/ci.yml'), 'utf8')
  const job = workflow.slice(workflow.indexOf('\n  benchmarks:'))
  expect(job).toContain('- run: benchmarks/gate.sh base ')
  expect(job).not.toContain('continue-on-error')
})

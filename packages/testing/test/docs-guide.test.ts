/** docs/guides/testing.md: every example is a file, and every test in them runs and passes, in the runner that it is written for. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const run = promisify(execFile)
const CHILD_MS = 60_000
const root = join(import.meta.dirname, '../../..')
const guide = readFileSync(join(root, 'docs/guides/testing.md'), 'utf8')
const blocks = [...guide.matchAll(/```(ts|js)\n([\s\S]*?)```/g)].map(([, language, code]) => {
  return { language, code, name: /^\/\/ (\S+)\n/.exec(code)?.[1] }
})

// Within this package, from where its examples find the packages that a user's folder has.
const folder = mkdtempSync(join(import.meta.dirname, '.guide-'))
for (const { name, code } of blocks) if (name !== undefined) writeFileSync(join(folder, name), code)
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: { noEmit: true, composite: false, declaration: false, declarationMap: false },
    include: ['*.ts'],
  }),
)
// Or vitest would take this project's, and run all of it.
writeFileSync(join(folder, 'vitest.config.mjs'), "export default { test: { include: ['*.test.ts'] } }\n")
afterAll(() => rmSync(folder, { recursive: true }))

/** How many tests a file declares. */
const declared = (extension: string) =>
  blocks.filter(({ name }) => name?.endsWith(extension)).flatMap(({ code }) => code.match(/^test\(/gm) ?? []).length

test('every example names its file', () => {
  expect(blocks.filter(({ name }) => name === undefined)).toEqual([])
  expect(new Set(blocks.map(({ name }) => name)).size).toBe(blocks.length)
  expect(declared('.test.ts')).toBeGreaterThanOrEqual(11)
  expect(declared('.test.mjs')).toBeGreaterThanOrEqual(1)
})

test('those in TypeScript are typed', async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error)
  expect(stdout).toBe('')
})

test('those for vitest pass in vitest', async () => {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { stdout } = await run(process.execPath, [vitest, 'run', '--root', folder, '--reporter=json'], {
    timeout: CHILD_MS,
    env: { ...process.env, LOG_LEVEL: 'silent', NODE_ENV: 'test' },
  }).catch((error: { stdout: string }) => error)
  const report = JSON.parse(stdout.slice(stdout.indexOf('{"numTotal')))
  expect(report.testResults.flatMap(failuresOf)).toEqual([])
  expect(report.numPassedTests).toBe(declared('.test.ts'))
}, 90_000)

test('those for node:test pass in node --test', async () => {
  // Else it takes itself for a part of this run and prints nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const args = ['--test', '--test-reporter=tap', join(folder, 'end-to-end.test.mjs')]
  const { stdout } = await run(process.execPath, args, {
    timeout: CHILD_MS,
    env: { ...env, LOG_LEVEL: 'silent' },
  }).catch((error: { stdout: string }) => error)
  expect(stdout).toContain(`# pass ${declared('.test.mjs')}\n`)
  expect(stdout).toContain('# fail 0\n')
}, 90_000)

interface FileReport {
  message: string
  assertionResults: { status: string; title: string; failureMessages: string[] }[]
}

function failuresOf({ message, assertionResults }: FileReport): string[] {
  const failed = assertionResults.filter(({ status }) => status !== 'passed')
  return [message, ...failed.flatMap(({ title, failureMessages }) => `${title}: ${failureMessages.join('\n')}`)].filter(
    (text) => text !== '',
  )
}

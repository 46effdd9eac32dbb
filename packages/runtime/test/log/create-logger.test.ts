import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { expect, test } from 'vitest'

const source = fileURLToPath(new URL('../../src/log/create-logger.ts', import.meta.url))
const code = buildSync({
  entryPoints: [source],
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  write: false,
}).outputFiles[0]?.text

/** In a process of its own, because the subject is what appears on its stdout and stderr. */
function logWith(options: string, env: Record<string, string> = {}) {
  const script = `${code}\nconst log = createLogger(${options})\nlog.debug('low'); log.info('middle'); log.error('high'); process.kill(process.pid, 'SIGKILL')`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  })
  const messages = (text: string) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).msg)
  return { stdout: messages(stdout), stderr: messages(stderr) }
}

test('info and above, on stdout, nothing lost when the process is killed right after', () => {
  expect(logWith('')).toEqual({ stdout: ['middle', 'high'], stderr: [] })
})

test('stderr when asked: stdout is for results', () => {
  expect(logWith("{ output: 'stderr' }")).toEqual({ stdout: [], stderr: ['middle', 'high'] })
})

test('LOG_LEVEL sets the level, an option goes before it, silent is silent', () => {
  expect(logWith('', { LOG_LEVEL: 'debug' }).stdout).toEqual(['low', 'middle', 'high'])
  expect(logWith("{ level: 'error' }", { LOG_LEVEL: 'debug' }).stdout).toEqual(['high'])
  expect(logWith('', { LOG_LEVEL: 'silent' }).stdout).toEqual([])
})

test('a LOG_LEVEL that does not exist is said, and info used', () => {
  const { stdout } = logWith('', { LOG_LEVEL: 'verbose' })
  expect(stdout).toEqual([expect.stringContaining('"verbose" is no log level'), 'middle', 'high'])
})

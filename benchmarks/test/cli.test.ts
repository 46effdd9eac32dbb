import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

function start(...args: string[]) {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = Promise.all([text(child.stderr), once(child, 'exit')]).then(([stderr, [code]]) => ({ stderr, code }))
  return { child, ended }
}

test.each([
  [['nope'], 'nope is no suite; there are tracker, '],
  [['toString'], 'toString is no suite'],
  [['tracker', '--runs', '0'], '--runs is 0; expected a whole number above 0'],
  [['tracker', '--messages', 'many'], '--messages is many; expected a whole number above 0'],
  [['tracker', '--tolerance', 'x'], '--tolerance is x; expected a number above 0'],
  [['tracker', '--compare', 'nowhere.jsonl'], "ENOENT: no such file or directory, open 'nowhere.jsonl'"],
  [['tracker', '--fast'], "Unknown option '--fast'"],
  [['peers', '--bootstrap', 'x', '--runs', 'x'], '--runs is x; expected a whole number above 0'],
])('pnpm bench %j is told in a sentence, and nothing runs', async (args, sentence) => {
  const { stderr, code } = await start(...args).ended
  expect(code).toBe(1)
  expect(stderr).toMatch(/^.+\n$/)
  expect(stderr).toContain(sentence)
})

test('a bench that is ended leaves no process behind', async () => {
  const { child, ended } = start('latency', '--runs', '1')
  await once(child.stderr, 'data')
  const processes = await childrenOf(child.pid!)
  expect(processes.length).toBeGreaterThan(0)
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 143, stderr: expect.not.stringContaining('Error') })
  await vi.waitFor(() => expect(processes.filter(isAlive)).toEqual([]))
}, 20_000)

async function childrenOf(pid: number): Promise<number[]> {
  const ps = spawn('ps', ['-o', 'pid=', '--ppid', String(pid)], { stdio: ['ignore', 'pipe', 'inherit'] })
  return (await text(ps.stdout)).trim().split(/\s+/).filter(Boolean).map(Number)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { expect, onTestFinished, test } from 'vitest'

const code = buildSync({
  entryPoints: [fileURLToPath(new URL('../../src/cli/stdout.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
}).outputFiles[0]?.text

/** In a process of its own, whose stdout nobody reads until the test does. Looking at process.stdout makes it non-blocking. */
function run(script: string) {
  const text = `${code}\nprocess.stdout.on('error', stdoutFailed)\n${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8')
  return child
}

async function linesOf(stdout: AsyncIterable<string>): Promise<number[]> {
  let text = ''
  for await (const chunk of stdout) text += chunk
  expect(text.endsWith('\n')).toBe(true)
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).i)
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

test('a reader who comes late gets every line in order, and nobody has waited for him', async () => {
  const { stdout, stderr } = run(`
    for (let i = 0; i < 20_000; i++) writeLine(JSON.stringify({ i, filling: '…'.repeat(100) }))
    process.stderr.write('went on')
    const alive = setInterval(() => {}, 1000)
    await stdoutTaken()
    clearInterval(alive)`)
  expect(await once(stderr, 'data')).toEqual(['went on'])
  expect(await linesOf(stdout)).toEqual(upTo(20_000))
})

test('lines are not lost when the process is killed right after', async () => {
  const { stdout } = run(`
    for (let i = 0; i < 10; i++) writeLine(JSON.stringify({ i }))
    process.kill(process.pid, 'SIGKILL')`)
  expect(await linesOf(stdout)).toEqual(upTo(10))
})

test('for a reader who never comes no more than a bounded amount is kept: whole lines, and one sentence', async () => {
  const child = run(`
    for (let i = 0; i < 200_000; i++) writeLine(JSON.stringify({ i, filling: 'x'.repeat(200) }))
    process.stderr.write(process.exitCode + ' in the end')
    setInterval(() => {}, 1000)
    await stdoutTaken()
    process.exit()`)
  let said = ''
  while (!said.includes('in the end')) said += (await once(child.stderr, 'data'))[0]
  expect(said).toBe('Nothing more is written to stdout: nobody reads it\n1 in the end')
  const lines = await linesOf(child.stdout)
  expect(lines).toEqual(upTo(lines.length))
  expect(lines.length).toBeLessThan(200_000)
})

const bin = fileURLToPath(new URL('../../bin/zk.cjs', import.meta.url))

test.each([[], ['--json']])('a full disk is one sentence and exit 1: zk explain %s', async (...args) => {
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [bin, 'explain', 'ZK_FENCED', ...args], { stdio: ['ignore', full, 'pipe'] })
  closeSync(full)
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  expect(await once(child, 'close')).toEqual([1, null])
  expect(stderr).toMatch(/^Nothing more is written to stdout: ENOSPC: no space left on device.*\n$/)
})

test('who makes room before each line loses none, however many there are, and waits for no clock', async () => {
  const { stdout } = run(`
    for (let i = 0; i < 100_000; i++) {
      writeLine(JSON.stringify({ i, filling: 'x'.repeat(300) }))
      await stdoutRoom()
    }
    if (!(await stdoutTaken(3_000))) process.exit(1)`)
  expect(await linesOf(stdout)).toEqual(upTo(100_000))
})

test('a reader who takes nothing of the last lines is not waited for', async () => {
  const child = run(`
    for (let i = 0; i < 10_000; i++) writeLine('x'.repeat(300))
    process.stderr.write(String(await stdoutTaken(100)))
    process.exit()`)
  expect(await once(child.stderr, 'data')).toEqual(['false'])
})

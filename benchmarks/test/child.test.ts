import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { childLine, lastLine } from '../src/child.js'

const isResult = (line: string) => line.startsWith('{')
const program = (script: string) => [process.execPath, '-e', script] as const
const run = (script: string, options?: Parameters<typeof childLine>[2]) => childLine(['-e', script], isResult, options)

test('the first line that is wanted is the answer, with the time that it took', async () => {
  const { line, ms, ended } = await run(`console.log('hello'); console.log('{"a":1}'); console.log('{"a":2}')`)
  expect(line).toBe('{"a":1}')
  expect(ms).toBeGreaterThan(0)
  expect(ended).toBe(true)
})

test('a process that says its result and does not end is killed, and its result counts', async () => {
  const script = `console.log('{}'); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`
  expect(await run(script, { graceMs: 50 })).toMatchObject({ line: '{}', ended: false })
})

test('a process that does not end by itself is asked to, when its line has come', async () => {
  expect(await run(`console.log('{}'); setInterval(() => {}, 1000)`, { end: 'SIGTERM' })).toMatchObject({ ended: true })
})

test('a process that says nothing holds up nobody: its deadline ends it, and the error says so', async () => {
  const silent = run(`setInterval(() => {}, 1000); console.error('waiting for a broker')`, { deadlineMs: 500 })
  await expect(silent).rejects.toThrow(/SIGKILL, after its deadline of 500 ms, without a result\. waiting for a broker/)
})

test('a process that ends without a result is an error with what it wrote to stderr', async () => {
  await expect(run(`console.error('no such topic'); process.exit(3)`)).rejects.toThrow(
    /ended with code 3, without a result\. no such topic/,
  )
})

test('of a program that ends by itself the last line counts, also where it says nothing', async () => {
  expect(await lastLine(program(`console.log('{"a":1}'); console.log('{"a":2}\\n')`))).toBe('{"a":2}')
  expect(await lastLine(program(''))).toBe('')
})

test('a program that fails is an error with what it wrote to stderr, whatever it has said before', async () => {
  const failing = lastLine(program(`console.log('{}'); console.error('no such topic'); process.exit(3)`))
  await expect(failing).rejects.toThrow(/ended with code 3, without a result\. no such topic/)
  await expect(lastLine(['/nowhere/java'])).rejects.toThrow('ENOENT')
})

test('a program is stopped by the signal that lets it end its own processes, and is late even where it ends well', async () => {
  const script = `process.on('SIGTERM', () => { console.error('ended mine'); process.exit(0) }); setInterval(() => {}, 1000)`
  const late = lastLine(program(script), { deadlineMs: 500, stop: 'SIGTERM' })
  await expect(late).rejects.toThrow(/ended with code 0, after its deadline of 500 ms, without a result\. ended mine/)
})

test('a program that takes no notice of the signal is killed, and what it has started holds up nobody', async () => {
  const started = performance.now()
  const deaf = lastLine(['sh', '-c', `trap '' TERM; sleep 10; sleep 10`], {
    ...{ deadlineMs: 500, graceMs: 100, stop: 'SIGTERM' },
  })
  await expect(deaf).rejects.toThrow(/ended with SIGKILL, after its deadline of 500 ms/)
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('a bench that is interrupted stops its program by the signal that lets it end its own processes, and does not go on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-child-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'state')
  const tell = (state: string) => `require('node:fs').writeFileSync(${JSON.stringify(file)}, '${state}')`
  const told = `process.on('SIGTERM', () => { ${tell('ended')}; process.exit(0) }); setInterval(() => {}, 1000); ${tell('runs')}`
  const dist = new URL('../dist/', import.meta.url).href
  const bench = `import { lastLine } from '${dist}child.js'
    import { hearSignals, undoneAtSignal, unlessInterrupted } from '${dist}interrupt.js'
    import { writeFileSync } from 'node:fs'
    hearSignals()
    // As the deletion of a topic does.
    undoneAtSignal(() => new Promise((resolve) => setTimeout(resolve, 300)))
    const run = lastLine(${JSON.stringify(program(told))}, { stop: 'SIGTERM' })
    await unlessInterrupted(run.then(() => writeFileSync(${JSON.stringify(file)}, 'goes on')))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', bench], { stdio: 'inherit' })
  const ended = once(child, 'exit')
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('runs'), { timeout: 10_000 })
  child.kill('SIGTERM')
  expect(await ended).toEqual([143, null])
  expect(readFileSync(file, 'utf8')).toBe('ended')
})

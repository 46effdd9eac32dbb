import { expect, test } from 'vitest'
import { childLine } from '../src/child.js'

const isResult = (line: string) => line.startsWith('{')
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

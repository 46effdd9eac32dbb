import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'

const examples = join(import.meta.dirname, '..')
const zk = join(examples, '../../packages/runtime/bin/zk.cjs')
/** @type {import('node:child_process').ChildProcess[]} */
const started = []

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

/**
 * @param {string} folder
 * @param {readonly string[]} args
 * @param {Record<string, string>} [env]
 */
function node(folder, args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: join(examples, folder),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  return { child, lines: createInterface({ input: child.stdout }), exited: once(child, 'exit') }
}

test('the worker bills what the producer wrote, and drains at SIGTERM', async () => {
  const broker = node('.', [zk, 'broker', '--topics', 'orders', '--json'])
  const [ready] = await once(broker.lines, 'line')
  const env = { KAFKA_BOOTSTRAP: JSON.parse(ready).bootstrapServers, COUNT: '200', CUSTOMERS: '7' }

  const producer = node('producer', ['produce.js'], env)
  expect(await producer.exited).toEqual([0, null])

  const worker = node('worker', ['worker.js'], env)
  const totals = new Map()
  let billed = 0
  let last = ''
  for await (const line of worker.lines) {
    last = line
    const entry = line.startsWith('{') ? JSON.parse(line) : {}
    if (entry.msg !== 'Order billed') continue
    totals.set(entry.customer, entry.total)
    if (++billed === 200) worker.child.kill('SIGTERM')
  }
  expect(await worker.exited).toEqual([0, null])
  expect(last).toBe('drained: 200 processed, 0 of them failed, 200 committed')
  // Quantities are 1 to 5 in turn, tea costs 3: the running totals, kept by key in the threads, end at the sum.
  expect([...totals.values()].reduce((sum, total) => sum + total, 0)).toBe(200 * 3 * 3)
})

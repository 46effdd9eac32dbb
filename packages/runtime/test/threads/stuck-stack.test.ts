import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { stuckStack } from '../../src/threads/stuck-stack.js'

/** Some tenths of a second in one native call, where a thread can be neither paused nor ended. */
const NATIVE = `pbkdf2Sync('', '', 300_000, 64, 'sha512')`

/** A thread that says that it is about to, and does what the code says. */
async function thread(code: string) {
  const imports = `const { parentPort } = require('node:worker_threads'), { pbkdf2Sync } = require('node:crypto')`
  const worker = new Worker(`${imports}; parentPort.postMessage('now'); ${code}`, { eval: true })
  const gone = once(worker, 'exit')
  await once(worker, 'message')
  return { worker, gone }
}

test('a thread that spins says where', async () => {
  const { worker, gone } = await thread('function spin() { for (;;); } spin()')
  const stack = await stuckStack(worker.threadId, gone, 5_000)
  expect(stack?.[0]).toMatch(/^ {4}at spin \(/)
  await worker.terminate()
})

test('one that has ended meanwhile has no stack, and that is no error', async () => {
  const { worker, gone } = await thread(NATIVE)
  const stack = stuckStack(worker.threadId, gone, 60_000)
  await worker.terminate()
  expect(await stack).toBeUndefined()
})

test('one that ends as its time is up has none either', async () => {
  const { worker, gone } = await thread(NATIVE)
  let isGone = () => {}
  // Heard of late, as on a busy main thread: the session is closed by then.
  const heard = new Promise<void>((resolve) => {
    isGone = resolve
  })
  const stack = stuckStack(worker.threadId, heard, 1_000)
  await worker.terminate()
  await gone
  isGone()
  expect(await stack).toBeUndefined()
})

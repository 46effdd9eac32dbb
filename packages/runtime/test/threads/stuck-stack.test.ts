import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { stuckStack } from '../../src/threads/stuck-stack.js'

/** A thread that says that it is about to, and does what the code says. */
async function thread(code: string) {
  const worker = new Worker(`require('node:worker_threads').parentPort.postMessage('now'); ${code}`, { eval: true })
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

test('one that has ended by itself meanwhile has no stack, and that is no error', async () => {
  // It cannot be paused, but ended.
  const { worker, gone } = await thread('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)')
  const stack = stuckStack(worker.threadId, gone, 60_000)
  await worker.terminate()
  expect(await stack).toBeUndefined()
})

test('one that ends as its time is up has none either', async () => {
  const { worker, gone } = await thread('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)')
  let isGone = () => {}
  // Heard of late, as on a busy main thread: the session is closed by then.
  const heard = new Promise<void>((resolve) => {
    isGone = resolve
  })
  const stack = stuckStack(worker.threadId, heard, 300)
  await worker.terminate()
  await gone
  isGone()
  expect(await stack).toBeUndefined()
})

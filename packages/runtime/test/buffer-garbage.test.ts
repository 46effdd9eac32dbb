import { setTimeout as delay } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { BufferGarbage } from '../src/buffer-garbage.js'

const MIB = 1024 * 1024

/** Buffers that came from another thread, each dropped at once. @returns what the process keeps of them, in MiB */
async function keptOf(count: number, came: (bytes: number, i: number) => void): Promise<number> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     parentPort.on('message', () => { const buffer = new ArrayBuffer(${MIB}); parentPort.postMessage(buffer, [buffer]) })`,
    { eval: true },
  )
  const before = getHeapStatistics().external_memory
  for (let i = 0; i < count; i++) {
    worker.postMessage('next')
    const bytes = await new Promise<number>((resolve) => {
      worker.once('message', (buffer: ArrayBuffer) => resolve(buffer.byteLength))
    })
    came(bytes, i)
  }
  await worker.terminate()
  // What a collection freed is counted when the sweeper has come by.
  await delay(100)
  return (getHeapStatistics().external_memory - before) / MIB
}

test('buffers that other threads sent are let go of after a few, and without it they pile up', async () => {
  const garbage = new BufferGarbage()
  const seconds = (i: number) => i * 5_000 + 5_000
  expect(await keptOf(40, (bytes, i) => garbage.expect(bytes, seconds(i)))).toBeLessThan(10)
  expect(await keptOf(40, () => {})).toBeGreaterThan(20)
})

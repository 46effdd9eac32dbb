/**
 * What one writes first: a thread for each key's hash, an object posted for each message, an answer for each:
 * `hop-objects.js <threads> <messages>`.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { keyHash } from '@zk/engine'
import type { Clock } from './clock.js'
import { HOP_WINDOW, tellHop, VALUE_BYTES } from './hop-run.js'

const KEYS = 2_000

await tellHop(objectHop)

async function objectHop(threads: number, messages: number, clock: Clock): Promise<number> {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./hop-objects-worker.js', import.meta.url)))
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  // As a client hands them over: each with memory of its own. A part of a larger block would be copied with all of it.
  const values = Array.from({ length: KEYS }, () => new Uint8Array(VALUE_BYTES).fill(120))
  const keys = Array.from({ length: KEYS }, (_, i) => new TextEncoder().encode(`key-${i}`))
  await new Promise<void>((resolve) => {
    let sent = 0
    let finished = 0
    const refill = () => {
      for (; sent < messages && sent - finished < HOP_WINDOW; sent++) {
        const key = keys[sent % KEYS]!
        const worker = workers[keyHash(key) % threads]!
        worker.postMessage({ topic: 'hop', partition: 0, offset: sent, key, value: values[sent % KEYS] })
      }
    }
    for (const worker of workers) {
      worker.on('message', () => {
        clock.see(++finished)
        if (finished >= messages) resolve()
        else refill()
      })
    }
    refill()
  })
  return messages
}

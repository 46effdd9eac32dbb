/** `start-threads.js <threads>`: how long so many bare worker threads take until all of them are ready, milliseconds. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const started = performance.now()
const threads = Array.from(
  { length: Number(process.argv[2]) },
  () => new Worker(new URL('./idle-thread.js', import.meta.url)),
)
await Promise.all(threads.map((thread) => once(thread, 'message')))
console.log(JSON.stringify({ ms: performance.now() - started }))
process.exit(0)

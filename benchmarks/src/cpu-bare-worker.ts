/** What a bare worker thread reaches: the handler, a share of the values, nothing else. */
import { parentPort, workerData } from 'node:worker_threads'
import { work } from './fnv.js'

const { messages, valueBytes } = workerData as { messages: number; valueBytes: number }
const value = Buffer.alloc(valueBytes, 'x')
parentPort!.postMessage('ready')
parentPort!.once('message', () => {
  for (let i = 0; i < messages; i++) work(value)
  parentPort!.postMessage('done')
})

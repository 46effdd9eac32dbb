/** What a bare worker thread reaches: the handler, a share of the values, nothing else. */
import { parentPort, workerData } from 'node:worker_threads'
import { work } from './fnv.js'

interface Share {
  warmUp: number
  messages: number
  valueBytes: number
}

const { warmUp, messages, valueBytes } = workerData as Share
const value = Buffer.alloc(valueBytes, 'x')
for (let i = 0; i < warmUp; i++) work(value)
parentPort!.postMessage('ready')
parentPort!.once('message', () => {
  const started = performance.now()
  for (let i = 0; i < messages; i++) work(value)
  parentPort!.postMessage((messages * 1000) / (performance.now() - started))
})

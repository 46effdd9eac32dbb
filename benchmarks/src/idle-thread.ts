/** A bare worker thread that waits for messages: what a thread takes at least. */
import { parentPort } from 'node:worker_threads'

parentPort!.on('message', () => {})
parentPort!.postMessage('ready')

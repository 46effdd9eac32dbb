/** A handler that does nothing, for each object, and an answer with its offset. */
import { parentPort } from 'node:worker_threads'

const port = parentPort!
port.on('message', ({ offset }: { offset: number }) => port.postMessage(offset))
port.postMessage('ready')

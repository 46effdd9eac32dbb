/** Measures the case that its thread was started for. */
import { parentPort, workerData } from 'node:worker_threads'
import { sideBySide } from '../side-by-side.js'
import { cases } from './cases.js'

const { name, runs } = workerData as { name: string; runs: number }
const { own, bare, inputs } = await cases[name]!()
parentPort!.postMessage(sideBySide(own, bare, inputs, runs))

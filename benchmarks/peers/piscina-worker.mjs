// @ts-check
import { workerData } from 'piscina'
import { handlerOf } from './handlers.mjs'

const handle = handlerOf(workerData, new Float64Array(0))

/** @param {Uint8Array} value */
export default (value) => handle(value)

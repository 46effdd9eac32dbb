// @ts-check
import { workerData } from 'piscina'
import { handlerOf } from './handlers.mjs'

const { handler, delays } = workerData
const handle = handlerOf(handler, delays)

/** @param {Uint8Array} value */
export default (value) => handle(value)

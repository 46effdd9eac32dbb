// @ts-check
/** What each record is given to, the same in every program; `java/…/Handler.java` says it once more. */
import { setTimeout } from 'node:timers/promises'
import { work } from '../dist/fnv.js'
import { wallClock } from '../dist/latency-sample.js'

/** @typedef {'noop' | 'cpu' | 'sleep' | 'latency'} HandlerName */

const SLEEP_MS = 5

/**
 * @param {HandlerName} name
 * @param {Float64Array} delays where `latency` puts what it finds, in milliseconds, by the number of the record
 * @returns {(value: Uint8Array) => number | Promise<number>} gives the record's part of the checksum
 */
export function handlerOf(name, delays) {
  switch (name) {
    case 'noop':
      return () => 0
    case 'cpu':
      return work
    case 'sleep':
      return () => setTimeout(SLEEP_MS, 0)
    case 'latency':
      return (value) => {
        const now = wallClock()
        // The value is {"i":"00000000","t":"0000000000000000",…: its number, and when it was produced, in microseconds.
        const bytes = Buffer.from(value.buffer, value.byteOffset, value.length)
        // What lies beyond the end of a typed array is dropped.
        delays[Number(bytes.toString('latin1', 6, 14))] = now - Number(bytes.toString('latin1', 21, 37)) / 1_000
        return 0
      }
    default:
      throw new Error(`no handler is called ${name}`)
  }
}

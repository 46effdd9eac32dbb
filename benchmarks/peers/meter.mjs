// @ts-check
/** From the first handler's start to the last one's end: time, CPU of the process, most memory; printed as a line of JSON. */
import { wallClock } from '../dist/latency-sample.js'
import { handlerOf } from './handlers.mjs'

/**
 * @typedef {object} Run what every program prints
 * @property {number} messages
 * @property {number} seconds
 * @property {number} cpuSeconds user and system, of the whole process
 * @property {number} peakRssMiB of the whole process, from its start
 * @property {string} checksum of all values, where the handler computes one
 * @property {number[]} [latencies] milliseconds from `produce` to the handler, by the number of the record
 */

/** Milliseconds. */
export const processCpu = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** For programs whose handlers run, or are called, in one thread. */
export class Meter {
  #count
  #handler
  #done = 0
  #sum = 0
  #started = 0
  #cpu = 0
  /** @type {() => void} */
  #end = () => {}
  /** Resolves with the end of the last handler. */
  ended = new Promise((resolve) => {
    this.#end = () => resolve(undefined)
  })

  /** @param {Pick<import('./arguments.mjs').Arguments, 'count' | 'handler'>} options */
  constructor({ count, handler }) {
    this.#count = count
    /** Milliseconds by the number of the record, for any thread; empty where the handler takes none. */
    this.delays = new Float64Array(new SharedArrayBuffer(handler === 'latency' ? count * 8 : 0))
    this.#handler = handlerOf(handler, this.delays)
  }

  /** Whether the last handler has ended. */
  get isDone() {
    return this.#done >= this.#count
  }

  /**
   * @param {Uint8Array} value
   * @returns {void | Promise<void>} a promise where the handler waits
   */
  handle(value) {
    this.start()
    const part = this.#handler(value)
    if (typeof part === 'number') this.finish(part)
    else return part.then((sum) => this.finish(sum))
  }

  start() {
    if (this.#started !== 0) return
    this.#cpu = processCpu()
    this.#started = wallClock()
  }

  /** @param {number} part of the checksum */
  finish(part) {
    this.#sum ^= part
    if (++this.#done !== this.#count) return
    report({
      messages: this.#count,
      ms: wallClock() - this.#started,
      cpuMs: processCpu() - this.#cpu,
      sum: this.#sum,
      delays: this.delays,
    })
    this.#end()
  }
}

/**
 * @typedef {object} Figures
 * @property {number} messages
 * @property {number} ms
 * @property {number} cpuMs
 * @property {number} sum
 * @property {Float64Array} delays milliseconds; empty where the handler takes none
 */

/** @param {Figures} figures */
export function report({ messages, ms, cpuMs, sum, delays }) {
  /** @type {Run} */
  const run = {
    messages,
    seconds: ms / 1_000,
    cpuSeconds: cpuMs / 1_000,
    peakRssMiB: process.resourceUsage().maxRSS / 1_024,
    checksum: (sum >>> 0).toString(16).padStart(8, '0'),
    ...(delays.length > 0 && { latencies: Array.from(delays, (delay) => Number(delay.toFixed(3))) }),
  }
  console.log(JSON.stringify(run))
}

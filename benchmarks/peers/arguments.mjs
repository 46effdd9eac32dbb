// @ts-check
import { parseArgs } from 'node:util'

/**
 * @typedef {object} Arguments
 * @property {string} bootstrap
 * @property {string} topic
 * @property {number} count of messages: the run ends with the last one's handler
 * @property {import('./handlers.mjs').HandlerName} handler
 * @property {number} concurrency handlers at once in all, default 1
 * @property {number} threads default 1, for programs that have some
 * @property {boolean} ordered records of a key go one after the other, in programs that can do both
 * @property {number} partitions beside each other, where a program is told; default 1
 * @property {number} batch records asked for at once, where a program is told; default 1,000
 */

/** @returns {Arguments} what all programs take, as `--name value` */
export function programArguments() {
  const text = /** @type {const} */ ({ type: 'string' })
  const options = {
    bootstrap: text,
    topic: text,
    count: text,
    handler: text,
    concurrency: text,
    threads: text,
    partitions: text,
    batch: text,
    ordered: text,
  }
  const { values } = parseArgs({ options })
  const { bootstrap, topic, count, handler, concurrency = '1', threads = '1', batch = '1000', ordered } = values
  const { partitions = '1' } = values
  if (bootstrap === undefined || topic === undefined || count === undefined || handler === undefined)
    throw new Error('--bootstrap, --topic, --count and --handler are needed')
  return {
    bootstrap,
    topic,
    count: Number(count),
    handler: /** @type {import('./handlers.mjs').HandlerName} */ (handler),
    concurrency: Number(concurrency),
    threads: Number(threads),
    partitions: Number(partitions),
    batch: Number(batch),
    ordered: ordered === 'true',
  }
}

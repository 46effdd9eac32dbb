// @ts-check
/**
 * A record with the key `fill` keeps libuv's pool full with scrypt for its value in milliseconds; any other prints when
 * it was produced, which is its value, and when its handler began, on the machine's monotonic clock.
 */
import { scrypt } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'

/** So many at once in each thread; a pool has 4 threads, or 16 under `zk run`. */
const AT_ONCE = 16
const fd = openSync(process.env.POOL_JOURNAL ?? '', 'a')
const now = () => Number(process.hrtime.bigint()) / 1e6

export default {
  /** @param {{ key: Buffer | null, rawValue: Buffer | null }} message */
  process({ key, rawValue }) {
    const began = now()
    const value = Number(rawValue)
    if (key?.toString().startsWith('fill')) return fill(began + value)
    writeSync(fd, `${value} ${began}\n`)
    return undefined
  },
}

/** @param {number} until */
async function fill(until) {
  const chain = async () => {
    while (now() < until) {
      await new Promise((resolve) => scrypt('password', 'salt', 64, { N: 2 ** 14 }, resolve))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, chain))
}

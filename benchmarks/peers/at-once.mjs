// @ts-check
/** So many handlers at once over the records of a batch, as p-limit or p-map would: what a user writes around a client. */

/**
 * @template T
 * @param {readonly T[]} records
 * @param {number} limit
 * @param {(record: T) => void | Promise<void>} handle
 * @returns {Promise<void>} when all are done
 */
export async function atOnce(records, limit, handle) {
  let next = 0
  const lane = async () => {
    while (next < records.length) {
      const waits = handle(/** @type {T} */ (records[next++]))
      // An `await` of nothing, for each record, would be the dearest part of the loop.
      if (waits) await waits
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, records.length) }, lane))
}

/**
 * The same, and the records of a key one after the other.
 *
 * @template T
 * @param {readonly T[]} records
 * @param {number} limit of keys at once
 * @param {(record: T) => string} keyOf
 * @param {(record: T) => void | Promise<void>} handle
 */
export async function atOnceByKey(records, limit, keyOf, handle) {
  /** @type {Map<string, T[]>} */
  const byKey = new Map()
  for (const record of records) {
    const key = keyOf(record)
    const same = byKey.get(key)
    if (same === undefined) byKey.set(key, [record])
    else same.push(record)
  }
  // The longest first: what remains at the end is then short.
  const keys = [...byKey.values()].sort((a, b) => b.length - a.length)
  await atOnce(keys, limit, async (same) => {
    for (const record of same) await handle(record)
  })
}

/**
 * So many at once over several batches.
 *
 * @param {number} limit
 * @returns {(task: () => void | Promise<void>) => Promise<void>} runs the task as soon as there is room
 */
export function limiter(limit) {
  let free = limit
  /** @type {(() => void)[]} */
  const waiting = []
  return async (task) => {
    if (free > 0) free--
    else await new Promise((resolve) => waiting.push(() => resolve(undefined)))
    try {
      await task()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}

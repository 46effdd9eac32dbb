// @ts-check
/**
 * Whether handlers ran the records of each key in order, for a topic of which a part may be read twice: each record follows the
 * one before it, or one of those that ran already comes again; and none begins before the last one of its key has ended.
 *
 * @param {readonly string[]} lines of a ledger, in order
 * @returns {string | undefined} the first contradiction
 */
export function disorder(lines) {
  /** By key: the number that ran last, and what still runs. @type {Map<string, { seq: number, id: string | undefined }>} */
  const last = new Map()
  /** By delivery. @type {Map<string, string>} */
  const keys = new Map()
  for (const line of lines) {
    if (line.startsWith('{"type":"start"')) {
      const { id, key, seq } = JSON.parse(line)
      const before = last.get(key)
      if (before?.id !== undefined) return `key ${key}: number ${seq} began while ${before.seq} ran`
      if (before !== undefined && seq > before.seq + 1) return `key ${key}: number ${seq} came after ${before.seq}`
      last.set(key, { seq, id })
      keys.set(id, key)
    } else if (line.startsWith('{"type":"end"')) {
      const { id } = JSON.parse(line)
      const running = last.get(keys.get(id) ?? '')
      if (running?.id === id) running.id = undefined
    }
  }
  return undefined
}

// @ts-check
/** Follows a ledger while others write it: how many handlers have ended in it, and how many records have one. */
import { closeSync, openSync, readSync } from 'node:fs'

const LOOK_MS = 20

/**
 * @param {string} path
 * @param {number} messages how many there are
 */
export function followLedger(path, messages) {
  const fd = openSync(path, 'r')
  const chunk = Buffer.alloc(1 << 20)
  let position = 0
  let rest = ''
  let ends = 0
  /** @type {Map<string, string>} */
  const started = new Map()
  /** @type {Set<string>} */
  const records = new Set()
  const look = () => {
    for (let size = readSync(fd, chunk, 0, chunk.length, position); size > 0; ) {
      position += size
      const lines = (rest + chunk.toString('latin1', 0, size)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) take(line)
      size = readSync(fd, chunk, 0, chunk.length, position)
    }
  }
  /** @param {string} line */
  const take = (line) => {
    if (line.startsWith('{"type":"start"')) {
      const { id, partition, offset } = JSON.parse(line)
      started.set(id, `${partition}@${offset}`)
    } else if (line.startsWith('{"type":"end"')) {
      const { id, ok } = JSON.parse(line)
      if (ok) records.add(started.get(id) ?? '')
      started.delete(id)
      ends++
    }
  }
  /** @param {() => boolean} done @param {number} forMs @returns false when it took longer */
  const until = async (done, forMs) => {
    const deadline = performance.now() + forMs
    for (look(); !done(); look()) {
      if (performance.now() >= deadline) return false
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    return true
  }
  return {
    count: () => {
      look()
      return ends
    },
    /** @param {number} wanted @param {number} forMs */
    reach: async (wanted, forMs) => {
      const isReached = await until(() => {
        if (records.size >= messages && ends < wanted) throw new Error('All was done before it could be disturbed')
        return ends >= wanted
      }, forMs)
      if (!isReached) throw new Error(`${ends} of ${wanted} handlers ended in ${forMs} ms`)
    },
    all: (/** @type {number} */ forMs) => until(() => records.size >= messages, forMs),
    close: () => closeSync(fd),
  }
}

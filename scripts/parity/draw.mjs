// @ts-check
/** Which rows of docs/parity.md are broken by hand: chance says so, and a printed seed says it again. */

/** How many rows are drawn: few enough to break each by hand. */
export const DRAWN = 20

/** @typedef {import('./table.mjs').Row} Row */

/**
 * Rows that a test shows, each at most once, the same for the same seed and table.
 * @param {Row[]} rows
 * @param {number} seed a whole number from 0 to 2^32 - 1
 */
export function drawRows(rows, seed) {
  const left = rows.filter((row) => row.ours === 'same' || row.ours === 'better')
  const next = chance(seed)
  const drawn = []
  while (drawn.length < DRAWN && left.length > 0) drawn.push(...left.splice(Math.floor(next() * left.length), 1))
  return drawn
}

/**
 * @param {string | undefined} text
 * @returns {number}
 */
export function seedOf(text) {
  const seed = Number(text)
  if (text && /^\d+$/.test(text) && seed < 2 ** 32) return seed
  throw new Error(`--draw needs a seed, a whole number from 0 to ${2 ** 32 - 1}, not ${text}`)
}

/**
 * Numbers from 0 to below 1: Tommy Ettinger's mulberry32, which is in the public domain.
 * @param {number} seed
 */
function chance(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

// @ts-check
/**
 * Those of a proof's cases, or of its group protocols, that the command line chooses: by itself all of them, in turn.
 *
 * @template T
 * @param {string} option that chooses, for the error: '--case'
 * @param {Record<string, T>} all by their names
 * @param {string | undefined} name
 * @returns {[name: string, one: T][]}
 * @throws Error for a name that is none of them
 */
export function chosen(option, all, name) {
  const found = Object.entries(all).filter(([one]) => name === undefined || one === name)
  if (found.length > 0) return found
  throw new Error(`${option} ${name}: expected ${Object.keys(all).join(', ')}`)
}

// @ts-check
/**
 * The group protocols that `--protocol` chooses from those that a proof has: by itself all of them, in turn.
 *
 * @param {Record<string, string[]>} protocols what `zk run` is told for each, by its name
 * @param {string | undefined} protocol
 * @returns {[name: string, args: string[]][]}
 * @throws Error for a name that is none of them
 */
export function chosenProtocols(protocols, protocol) {
  const chosen = Object.entries(protocols).filter(([name]) => protocol === undefined || name === protocol)
  if (chosen.length > 0) return chosen
  throw new Error(`--protocol ${protocol}: expected ${Object.keys(protocols).join(', ')}`)
}

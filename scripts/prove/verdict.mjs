// @ts-check
/**
 * @typedef {object} ProofOptions
 * @property {number} [minutes] how long a soak lasts
 * @property {number} [messages] how many records there are
 * @property {number} [schedules] of the simulation
 * @property {number} [runs] of each measurement, and of each story in which chance has a part
 * @property {string} [protocol] of the group; default: all of them in turn
 * @property {string} [case] of those that a proof has; default: all of them in turn
 */

/** @typedef {{ holds: boolean } & Record<string, unknown>} Verdict */

/** @typedef {(options: ProofOptions) => Promise<Verdict>} Proof */

/** @param {string} text */
export function say(text) {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${text}\n`)
}

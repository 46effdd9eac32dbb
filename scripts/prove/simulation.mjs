// @ts-check
/**
 * The engine in seeded schedules that no night has seen before: `--schedules n` of them, 1,000,000 by default, all profiles in
 * turn; and a tenth as many of the profile of failures alone, in which several of them meet more often.
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { say } from './verdict.mjs'

const cli = fileURLToPath(new URL('../../packages/simulation/dist/cli.js', import.meta.url))
const DAY_MS = 24 * 60 * 60_000

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ schedules = 1_000_000 }) => {
  const all = await play('all', schedules)
  const failures = await play('failures', Math.ceil(schedules / 10))
  return { holds: all.violation === null && failures.violation === null, all, failures }
}

/**
 * @param {string} profile
 * @param {number} schedules
 */
async function play(profile, schedules) {
  const first = Math.floor(Date.now() / DAY_MS) * 1_000_000
  const seeds = `${first}..${first + schedules - 1}`
  say(`profile ${profile}, seeds ${seeds}`)
  const args = [cli, '--seeds', seeds, '--profile', profile, '--json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const { events, effects, ...summary } = JSON.parse(await text(child.stdout))
  return summary
}

// @ts-check
/** The engine in seeded schedules that no night has seen before: `--schedules n` of them, 1,000,000 by default. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { say } from './verdict.mjs'

const cli = fileURLToPath(new URL('../../packages/simulation/dist/cli.js', import.meta.url))
const DAY_MS = 24 * 60 * 60_000

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ schedules = 1_000_000 }) => {
  const first = Math.floor(Date.now() / DAY_MS) * 1_000_000
  const seeds = `${first}..${first + schedules - 1}`
  say(`seeds ${seeds}`)
  const child = spawn(process.execPath, [cli, '--seeds', seeds, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const { events, effects, ...summary } = JSON.parse(await text(child.stdout))
  return { holds: summary.violation === null, ...summary }
}

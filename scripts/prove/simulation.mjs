// @ts-check
/** The real engine in a model of brokers, threads and faults: `--schedules n` seeded stories, 1,000,000 by default. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const LIMIT_MS = 2 * 60 * 60_000

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ schedules = 1_000_000 }) => {
  const args = ['vitest', 'run', '--project', '@zk/engine', `--testTimeout=${LIMIT_MS}`, 'simulation']
  const started = Date.now()
  const child = spawn('npx', args, {
    cwd: root,
    env: { ...process.env, ZK_SCHEDULES: String(schedules) },
    // The test runner's own report is progress.
    stdio: ['ignore', process.stderr, process.stderr],
  })
  const [code] = await once(child, 'exit')
  return { holds: code === 0, schedules, seconds: Math.round((Date.now() - started) / 1000) }
}

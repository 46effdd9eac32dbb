// @ts-check
/** `zk run --json` as a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../packages/runtime/bin/zk.cjs', import.meta.url))

/**
 * @typedef {object} ZkOptions
 * @property {string} bootstrapServers
 * @property {string} topic
 * @property {string} group
 * @property {URL} processor
 * @property {string[]} [args]
 * @property {Record<string, string>} [env]
 */

/** @param {ZkOptions} options */
export function zkRun({ bootstrapServers, topic, group, processor, args = [], env = {} }) {
  const where = ['--brokers', bootstrapServers, '--topic', topic, '--group', group]
  const child = spawn(process.execPath, [bin, 'run', fileURLToPath(processor), ...where, '--json', ...args], {
    env: { LOG_LEVEL: 'error', ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  /** @type {Record<string, unknown>[]} */
  const events = []
  /** @type {() => void} */
  let onReady
  const ready = new Promise((resolve) => {
    onReady = () => resolve(undefined)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line)
    events.push(event)
    if (event.event === 'ready') onReady()
  })
  const pid = /** @type {number} */ (child.pid)
  // 'close' comes when the pipe has been read to its end too.
  const ended = once(child, 'close').then(([code]) => /** @type {number | null} */ (code))
  return {
    pid,
    events,
    /** When it has its first assignment; rejects when it ends before. */
    ready: Promise.race([
      ready,
      ended.then((code) => {
        throw new Error(`zk run ended with code ${code} before it was ready: ${JSON.stringify(events.at(-1))}`)
      }),
    ]),
    ended,
    /** @param {NodeJS.Signals} signal */
    kill: (signal) => child.kill(signal),
  }
}

// @ts-check
/** `zk run --json` as a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const LOOK_MS = 20
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
  // A proof that fails leaves nothing running.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  void ended.then(() => process.off('exit', kill))
  const isReady = Promise.race([
    ready,
    ended.then((code) => {
      throw new Error(`zk run ended with code ${code} before it was ready: ${JSON.stringify(events.at(-1))}`)
    }),
  ])
  // Not everybody waits for it: one that is asked to leave before it is ready ends well.
  isReady.catch(() => {})
  return {
    pid,
    events,
    /** When it has its first assignment; rejects when it ends before. */
    ready: isReady,
    ended,
    /** @param {NodeJS.Signals} signal */
    kill: (signal) => child.kill(signal),
  }
}

/**
 * Waits for a process to have partitions of its own; rejects when it ends before.
 * @param {Pick<ReturnType<typeof zkRun>, 'ready' | 'events' | 'ended'>} zk
 * @returns {Promise<object[]>} those that it was assigned first
 */
export async function owns({ ready, events, ended }) {
  await ready
  let isRunning = true
  void ended.then(() => {
    isRunning = false
  })
  while (isRunning) {
    const first = events.find(
      ({ event, partitions }) => event === 'assigned' && Array.isArray(partitions) && partitions.length > 0,
    )
    if (first !== undefined) return /** @type {object[]} */ (first.partitions)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  throw new Error(`zk run ended before it had partitions: ${JSON.stringify(events.at(-1))}`)
}

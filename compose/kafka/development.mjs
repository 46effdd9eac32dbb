// @ts-check
/** The one Kafka of this checkout that `up` leaves running: where it is, whether it lives, how to end it. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startKafka } from '../kafka.mjs'
import { brokerFiles } from './broker.mjs'
import { knownBrokers } from './readiness.mjs'

const run = promisify(execFile)
export const DEFAULT_DIR = join(import.meta.dirname, '../../node_modules/.cache/zk-kafka')

/**
 * @typedef {object} Running
 * @property {string} bootstrapServers
 * @property {number} pid
 * @property {string} log
 */

/**
 * @param {string} dir
 * @returns {Promise<Running | undefined>} undefined when none was started, or it is gone
 */
export async function status(dir) {
  const file = stateFile(dir)
  if (!existsSync(file)) return undefined
  /** @type {Running} */
  const state = JSON.parse(await readFile(file, 'utf8'))
  return (await isOurs(state.pid, dir)) ? state : undefined
}

/**
 * @param {{ dir: string, port: number, onFetch: () => void }} options
 * @returns {Promise<Running & { started: boolean }>} `started`: false when it ran already
 */
export async function up({ dir, port, onFetch }) {
  const before = await status(dir)
  if (before) return { ...before, started: false }
  const kafka = await startKafka({ dir, port, detached: true, onFetch })
  const state = {
    bootstrapServers: kafka.bootstrapServers,
    pid: /** @type {number} */ (kafka.pid(1)),
    log: brokerFiles(dir, 1).log,
  }
  await mkdir(dir, { recursive: true })
  await writeFile(stateFile(dir), `${JSON.stringify(state)}\n`)
  return { ...state, started: true }
}

/**
 * @param {{ dir: string, keep: boolean }} options `keep`: the data stay for the next `up`
 * @returns {Promise<boolean>} false when none was running
 */
export async function down({ dir, keep }) {
  const state = await status(dir)
  if (state) {
    // Data that will be removed need no orderly end, which takes seconds.
    process.kill(state.pid, keep ? 'SIGTERM' : 'SIGKILL')
    while (await isOurs(state.pid, dir)) await delay(50)
  }
  if (keep) await rm(stateFile(dir), { force: true })
  else await rm(dir, { recursive: true, force: true })
  return state !== undefined
}

/** @param {Running} state */
export async function answers(state) {
  return (await knownBrokers(Number(state.bootstrapServers.split(':').at(-1)))) > 0
}

/** @param {string} dir */
const stateFile = (dir) => join(dir, 'running.json')

/**
 * Whether the process is this Kafka: its number may long belong to somebody else, who must not be killed.
 * @param {number} pid
 * @param {string} dir
 */
async function isOurs(pid, dir) {
  try {
    const { stdout } = await run('ps', ['-ww', '-o', 'stat=,args=', '-p', String(pid)])
    // Z: dead, only its parent has not looked yet.
    return !stdout.trimStart().startsWith('Z') && stdout.includes(brokerFiles(dir, 1).properties)
  } catch (error) {
    // ps ends with 1 when there is no such process.
    if (/** @type {{ code?: unknown }} */ (error).code === 1) return false
    throw error
  }
}

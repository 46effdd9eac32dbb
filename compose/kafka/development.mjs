// @ts-check
/** The one Kafka of this checkout that `up` leaves running, and the registry beside it: where they are, whether they live, how to end them. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startKafka } from '../kafka.mjs'
import { registryAnswers, startRegistry } from '../registry.mjs'
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
 * @typedef {object} RunningRegistry
 * @property {string} url
 * @property {number} pid
 * @property {string} log
 */

/**
 * @param {string} dir
 * @returns {Promise<Running | undefined>} undefined when none was started, or it is gone
 */
export async function status(dir) {
  /** @type {Running | undefined} */
  const state = await readState(stateFile(dir))
  return state && (await isOurs(state.pid, brokerFiles(dir, 1).properties)) ? state : undefined
}

/**
 * @param {string} dir
 * @returns {Promise<RunningRegistry | undefined>} undefined when none was started, or it is gone
 */
export async function registryStatus(dir) {
  /** @type {RunningRegistry | undefined} */
  const state = await readState(registryFile(dir))
  return state && (await isOurs(state.pid, registryLog(dir))) ? state : undefined
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
  await writeState(dir, stateFile(dir), state)
  return { ...state, started: true }
}

/**
 * @param {{ dir: string, port: number, onFetch: () => void }} options
 * @returns {Promise<RunningRegistry & { started: boolean }>}
 */
export async function registryUp({ dir, port, onFetch }) {
  const before = await registryStatus(dir)
  if (before) return { ...before, started: false }
  const log = registryLog(dir)
  await mkdir(dir, { recursive: true })
  const registry = await startRegistry({ port, log, detached: true, onFetch })
  const state = { url: registry.url, pid: /** @type {number} */ (registry.pid), log }
  await writeState(dir, registryFile(dir), state)
  return { ...state, started: true }
}

/**
 * @param {{ dir: string, keep: boolean }} options `keep`: Kafka's data stay for the next `up`
 * @returns {Promise<boolean>} false when no Kafka was running
 */
export async function down({ dir, keep }) {
  const state = await status(dir)
  const registry = await registryStatus(dir)
  // It has its schemas in memory: there is nothing to end in order, and nothing to keep.
  if (registry) await end(registry.pid, 'SIGKILL', registryLog(dir))
  // Data that will be removed need no orderly end, which takes seconds.
  if (state) await end(state.pid, keep ? 'SIGTERM' : 'SIGKILL', brokerFiles(dir, 1).properties)
  if (keep) await Promise.all([stateFile(dir), registryFile(dir)].map((file) => rm(file, { force: true })))
  else await rm(dir, { recursive: true, force: true })
  return state !== undefined
}

/** @param {Running} state */
export async function answers(state) {
  return (await knownBrokers(Number(state.bootstrapServers.split(':').at(-1)))) > 0
}

export { registryAnswers }

/** @param {string} dir */
const stateFile = (dir) => join(dir, 'running.json')
/** @param {string} dir */
const registryFile = (dir) => join(dir, 'registry.json')
/** @param {string} dir */
const registryLog = (dir) => join(dir, 'registry.log')

/** @param {string} file */
async function readState(file) {
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : undefined
}

/** @param {string} dir @param {string} file @param {object} state */
async function writeState(dir, file, state) {
  await mkdir(dir, { recursive: true })
  await writeFile(file, `${JSON.stringify(state)}\n`)
}

/** @param {number} pid @param {NodeJS.Signals} signal @param {string} mark */
async function end(pid, signal, mark) {
  process.kill(pid, signal)
  while (await isOurs(pid, mark)) await delay(50)
}

/**
 * Whether the process is the one that was started: its number may long belong to somebody else, who must not be killed.
 * @param {number} pid
 * @param {string} mark that its arguments have
 */
async function isOurs(pid, mark) {
  try {
    const { stdout } = await run('ps', ['-ww', '-o', 'stat=,args=', '-p', String(pid)])
    // Z: dead, only its parent has not looked yet.
    return !stdout.trimStart().startsWith('Z') && stdout.includes(mark)
  } catch (error) {
    // ps ends with 1 when there is no such process.
    if (/** @type {{ code?: unknown }} */ (error).code === 1) return false
    throw error
  }
}

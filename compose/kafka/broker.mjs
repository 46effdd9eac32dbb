// @ts-check
import { execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LOG4J2_YAML, toPropertiesFile } from './config.mjs'
import { versionOf } from './requirements.mjs'

const run = promisify(execFile)

/**
 * @typedef {object} BrokerFiles
 * @property {string} dir of this broker: its properties, its log and its data
 * @property {string} properties
 * @property {string} log what the broker printed
 * @property {string} data
 */

/**
 * @param {string} clusterDir
 * @param {number} id
 * @returns {BrokerFiles}
 */
export function brokerFiles(clusterDir, id) {
  const dir = join(clusterDir, `broker-${id}`)
  return { dir, properties: join(dir, 'server.properties'), log: join(dir, 'server.log'), data: join(dir, 'data') }
}

/**
 * Writes the configuration, and formats the data folder unless that was done in an earlier life.
 * @param {BrokerFiles} files
 * @param {{ jars: string, clusterId: string, properties: Record<string, string | number | boolean>, format?: string[] }} options
 *   `format`: arguments for the format tool
 */
export async function prepareBroker(files, { jars, clusterId, properties, format: more = [] }) {
  await mkdir(files.dir, { recursive: true })
  await writeFile(files.properties, toPropertiesFile(properties))
  await writeFile(join(files.dir, 'log4j2.yaml'), LOG4J2_YAML)
  if (existsSync(join(files.data, 'meta.properties'))) return
  const format = [
    'kafka.tools.StorageTool',
    'format',
    `--cluster-id=${clusterId}`,
    '--config',
    files.properties,
    ...more,
  ]
  try {
    await run('java', ['-Xmx128m', '-XX:TieredStopAtLevel=1', ...classPath(files, jars), ...format])
  } catch (error) {
    const { stderr = '', message } = /** @type {{ stderr?: string, message: string }} */ (error)
    throw new Error(`Kafka could not format ${files.data}: ${stderr.trim() || message}`, { cause: error })
  }
}

/**
 * @param {BrokerFiles} files
 * @param {string} jars
 */
function classPath(files, jars) {
  return [`-Dlog4j2.configurationFile=${join(files.dir, 'log4j2.yaml')}`, '-cp', join(jars, '*')]
}

/**
 * Starts the broker's process; it is not ready yet.
 * @param {BrokerFiles} files
 * @param {{ jars: string, heap: string, detached: boolean }} options `detached`: outlives this process
 * @returns {Promise<import('node:child_process').ChildProcess>}
 */
export async function spawnBroker(files, { jars, heap, detached }) {
  const memory = ['-Xms256m', `-Xmx${heap}`, '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError']
  const command = ['java', ...memory, ...classPath(files, jars), 'kafka.Kafka', files.properties]
  const leash = detached ? [] : await parentDeathSignal()
  const [file, ...args] = [...leash, ...command]
  const log = openSync(files.log, 'a')
  try {
    return spawn(file, args, { detached, stdio: ['ignore', log, log] })
  } finally {
    closeSync(log)
  }
}

/**
 * The kernel ends the broker together with this process, even when that is killed and can clean up nothing itself.
 * Where there is no setpriv (macOS), only an orderly end of this process ends the broker.
 */
export async function parentDeathSignal() {
  if (process.platform !== 'linux') return []
  const help = await versionOf('setpriv', ['--help'])
  return help?.includes('--pdeathsig') ? ['setpriv', '--pdeathsig', 'KILL', '--'] : []
}

/**
 * @param {BrokerFiles} files
 * @returns {Promise<string>} the end of what the broker printed
 */
export async function endOfLog(files) {
  const text = await readFile(files.log, 'utf8').catch(() => '(no log)')
  return text.slice(-3000)
}

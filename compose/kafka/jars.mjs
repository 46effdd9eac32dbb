// @ts-check
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requireMaven } from './requirements.mjs'
import { COORDINATES } from './versions.mjs'

const run = promisify(execFile)

/**
 * The folder with the jars of a Kafka broker, fetched from Maven Central on first use: about 45 MB, some 10 s.
 * @param {{ cacheDir?: string, onFetch?: () => void }} [options]
 * @returns {Promise<string>}
 */
export async function kafkaJars({ cacheDir = join(homedir(), '.cache', 'zk', 'kafka-jars'), onFetch } = {}) {
  const pom = pomOf(COORDINATES)
  const dir = join(cacheDir, createHash('sha256').update(pom).digest('hex').slice(0, 16))
  if (existsSync(dir)) return dir
  await requireMaven()
  onFetch?.()
  await mkdir(cacheDir, { recursive: true })
  const aside = await mkdtemp(join(cacheDir, 'fetching-'))
  try {
    await writeFile(join(aside, 'pom.xml'), pom)
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${join(aside, 'jars')}`, '-DincludeScope=runtime']
    await run('mvn', ['-B', '-q', '-f', join(aside, 'pom.xml'), ...goal], { maxBuffer: 64 << 20 })
    await publish(join(aside, 'jars'), dir)
  } catch (error) {
    const { stdout = '', message } = /** @type {{ stdout?: string, message: string }} */ (error)
    throw new Error(`Maven could not fetch Kafka's jars: ${stdout.trim().slice(-2000) || message}`, { cause: error })
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
  return dir
}

/**
 * A rename is all or nothing, so nobody sees half a folder. Two starts at once may both get here: the first one wins,
 * and the other's jars are the same.
 * @param {string} from
 * @param {string} to
 */
async function publish(from, to) {
  try {
    await rename(from, to)
  } catch (error) {
    if (!existsSync(to)) throw error
  }
}

/** @param {{ group: string, artifact: string, version: string }[]} coordinates */
function pomOf(coordinates) {
  const dependencies = coordinates.map(
    ({ group, artifact, version }) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  )
  const project = '<groupId>zk</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>'
  return `<project><modelVersion>4.0.0</modelVersion>${project}<dependencies>${dependencies.join('')}</dependencies></project>\n`
}

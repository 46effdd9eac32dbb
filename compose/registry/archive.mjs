// @ts-check
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requireMaven } from '../kafka/requirements.mjs'

const run = promisify(execFile)

/** The newest line that runs on Java 17, as Kafka does; later ones need 21. */
export const APICURIO_VERSION = '3.0.9'

const NAME = `apicurio-registry-app-${APICURIO_VERSION}`

/**
 * The jar of Apicurio Registry, fetched from Maven Central on first use: about 110 MB.
 * @param {{ cacheDir?: string, onFetch?: () => void }} [options]
 * @returns {Promise<string>}
 */
export async function registryJar({ cacheDir = join(homedir(), '.cache', 'zk', 'apicurio'), onFetch } = {}) {
  const dir = join(cacheDir, APICURIO_VERSION)
  const jar = join(dir, `${NAME}-runner.jar`)
  if (existsSync(jar)) return jar
  await requireMaven('Apicurio Registry is')
  onFetch?.()
  await mkdir(cacheDir, { recursive: true })
  const aside = await mkdtemp(join(cacheDir, 'fetching-'))
  try {
    const artifact = `-Dartifact=io.apicurio:apicurio-registry-app:${APICURIO_VERSION}:tar.gz:all`
    await run('mvn', ['-B', '-q', 'dependency:copy', artifact, `-DoutputDirectory=${aside}`], { cwd: aside })
    await mkdir(join(aside, 'app'))
    await run('tar', ['-xzf', join(aside, `${NAME}-all.tar.gz`), '-C', join(aside, 'app')])
    await publish(join(aside, 'app'), dir)
  } catch (error) {
    const { stdout = '', message } = /** @type {{ stdout?: string, message: string }} */ (error)
    throw new Error(`Maven could not fetch Apicurio Registry: ${stdout.trim().slice(-2000) || message}`, {
      cause: error,
    })
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
  return jar
}

/**
 * All or nothing, as with Kafka's jars: of two starts at once the first one wins.
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

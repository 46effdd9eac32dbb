// @ts-check
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { MIN_JAVA } from './versions.mjs'

const run = promisify(execFile)

/** What the machine lacks, and what to install. Its message is all that a user needs to see. */
export class MissingRequirement extends Error {
  /** @override */
  name = 'MissingRequirement'
}

/** @returns {Promise<void>} rejects with MissingRequirement when there is no `java`, or one that is too old. */
export async function requireJava() {
  const how = `Install a Java ${MIN_JAVA} runtime (Debian: apt-get install openjdk-${MIN_JAVA}-jre-headless, macOS: brew install openjdk@${MIN_JAVA}) or use Docker: docker compose -f compose/docker-compose.yml up -d --wait`
  const version = await versionOf('java', ['-version'])
  if (version === undefined)
    throw new MissingRequirement(`Kafka needs Java ${MIN_JAVA}, and there is no \`java\` on the PATH. ${how}`)
  const major = javaMajor(version)
  if (major === undefined || major < MIN_JAVA) {
    throw new MissingRequirement(
      `Kafka needs Java ${MIN_JAVA}, and \`java\` is ${major ?? version.split('\n')[0]}. ${how}`,
    )
  }
}

/**
 * @param {string} [what] is fetched
 * @returns {Promise<void>} rejects with MissingRequirement when there is no `mvn`.
 */
export async function requireMaven(what = "Kafka's jars are") {
  if ((await versionOf('mvn', ['--version'])) !== undefined) return
  throw new MissingRequirement(
    `${what} fetched from Maven Central, and there is no \`mvn\` on the PATH. Install Maven (Debian: apt-get install maven, macOS: brew install maven) or use Docker: docker compose -f compose/docker-compose.yml up -d --wait`,
  )
}

/** @returns {Promise<void>} rejects with MissingRequirement when there is no `openssl`. */
export async function requireOpenssl() {
  if ((await versionOf('openssl', ['version'])) !== undefined) return
  throw new MissingRequirement(
    'Certificates for the listeners with security are made by openssl, and there is no `openssl` on the PATH. Install it (Debian: apt-get install openssl)',
  )
}

/**
 * The major version in the output of `java -version`: 17 of "17.0.15", 8 of "1.8.0_392".
 * @param {string} text
 * @returns {number | undefined}
 */
export function javaMajor(text) {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(text)
  if (!match) return undefined
  return match[1] === '1' ? Number(match[2]) : Number(match[1])
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<string | undefined>} what it printed; undefined when it does not exist.
 */
export async function versionOf(command, args) {
  try {
    const { stdout, stderr } = await run(command, args)
    return stdout + stderr
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    throw error
  }
}

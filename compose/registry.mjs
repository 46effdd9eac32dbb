// @ts-check
/**
 * A real schema registry without Docker: Apicurio from Maven Central, in memory, on 127.0.0.1.
 *
 *     const registry = await startRegistry()
 *     … registry.url …        the API that Confluent's clients speak
 *     await registry.stop()
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parentDeathSignal } from './kafka/broker.mjs'
import { HOST } from './kafka/config.mjs'
import { freePorts } from './kafka/ports.mjs'
import { requireJava } from './kafka/requirements.mjs'
import { registryJar } from './registry/archive.mjs'

const PROBE_EVERY_MS = 100
/** Of what it printed, for the message when it does not start. */
const MAX_LOG = 5_000

/**
 * @typedef {object} RegistryOptions
 * @property {number} [port] default: a free one
 * @property {string} [heap] of its JVM; default 512m
 * @property {number} [readyMs] how long the start may take, default 90,000
 * @property {string} [log] file for what it prints; default: a temporary one that `stop` removes
 * @property {boolean} [detached] it outlives this process, and `log` can be seen among its arguments; default false
 * @property {() => void} [onFetch] called before it is downloaded
 */

/**
 * @param {RegistryOptions} [options]
 * @returns {Promise<{ url: string, pid: number | undefined, stop: () => Promise<void> }>} when it answers
 */
export async function startRegistry({ port, heap = '512m', readyMs = 90_000, log, detached = false, onFetch } = {}) {
  await requireJava()
  const jar = await registryJar(onFetch ? { onFetch } : {})
  const own = port ?? (await freePorts(1))[0]
  const url = `http://${HOST}:${own}/apis/ccompat/v7`
  const aside = log === undefined ? await mkdtemp(join(tmpdir(), 'zk-registry-')) : undefined
  const output = log ?? join(/** @type {string} */ (aside), 'registry.log')
  const java = ['java', `-Xmx${heap}`, '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError', `-Dzk.log=${output}`]
  const where = [`-Dquarkus.http.host=${HOST}`, `-Dquarkus.http.port=${own}`]
  const leash = detached ? [] : await parentDeathSignal()
  const [file, ...args] = [...leash, ...java, ...where, '-jar', jar]
  const out = openSync(output, 'a')
  const child = spawn(file, args, { cwd: dirname(jar), detached, stdio: ['ignore', out, out] })
  closeSync(out)
  // An orderly end of this process takes it along where the kernel does not.
  const reap = () => void child.kill('SIGKILL')
  if (!detached) process.on('exit', reap)

  async function stop() {
    process.off('exit', reap)
    if (child.exitCode === null && child.signalCode === null) {
      // It keeps nothing, so there is nothing to end in order.
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
    if (aside !== undefined) await rm(aside, { recursive: true, force: true })
  }

  const deadline = Date.now() + readyMs
  while (!(await registryAnswers(url))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      const printed = (await readFile(output, 'utf8')).slice(-MAX_LOG)
      await stop()
      throw new Error(`The schema registry did not start within ${readyMs} ms, or ended. It printed:\n${printed}`)
    }
    await delay(PROBE_EVERY_MS)
  }
  // A detached child must not keep this process from ending.
  if (detached) child.unref()
  return { url, pid: child.pid, stop }
}

/** @param {string} url */
export async function registryAnswers(url) {
  try {
    const { ok } = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2_000) })
    return ok
  } catch {
    return false
  }
}

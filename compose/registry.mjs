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
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parentDeathSignal } from './kafka/broker.mjs'
import { HOST } from './kafka/config.mjs'
import { freePorts } from './kafka/ports.mjs'
import { requireJava } from './kafka/requirements.mjs'
import { registryJar } from './registry/archive.mjs'

const PROBE_EVERY_MS = 100
/** Kept of what it prints, for the message when it does not start. */
const MAX_LOG = 5_000

/**
 * @param {{ port?: number, heap?: string, readyMs?: number, onFetch?: () => void }} [options]
 *   `port` default: a free one; `heap` of its JVM, default 512m; `readyMs` how long the start may take, default 90,000
 * @returns {Promise<{ url: string, pid: number | undefined, stop: () => Promise<void> }>} when it answers
 */
export async function startRegistry({ port, heap = '512m', readyMs = 90_000, onFetch } = {}) {
  await requireJava()
  const jar = await registryJar(onFetch ? { onFetch } : {})
  const own = port ?? (await freePorts(1))[0]
  const url = `http://${HOST}:${own}/apis/ccompat/v7`
  const java = ['java', `-Xmx${heap}`, '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError']
  const where = [`-Dquarkus.http.host=${HOST}`, `-Dquarkus.http.port=${own}`]
  const [file, ...args] = [...(await parentDeathSignal()), ...java, ...where, '-jar', jar]
  const child = spawn(file, args, { cwd: dirname(jar), stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      log = (log + text).slice(-MAX_LOG)
    })
  }
  // An orderly end of this process takes it along where the kernel does not.
  const reap = () => void child.kill('SIGKILL')
  process.on('exit', reap)

  async function stop() {
    process.off('exit', reap)
    if (child.exitCode !== null || child.signalCode !== null) return
    // It keeps nothing, so there is nothing to end in order.
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  const deadline = Date.now() + readyMs
  while (!(await answers(url))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      await stop()
      throw new Error(`The schema registry did not start within ${readyMs} ms, or ended. It printed:\n${log}`)
    }
    await delay(PROBE_EVERY_MS)
  }
  return { url, pid: child.pid, stop }
}

/** @param {string} url */
async function answers(url) {
  try {
    const { ok } = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2_000) })
    return ok
  } catch {
    return false
  }
}

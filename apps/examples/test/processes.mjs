/** Node programs of the examples, whose lines can be read, and which end with their test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const examples = join(import.meta.dirname, '..')
export const zk = join(examples, '../../packages/runtime/bin/zk.cjs')
/** @type {import('node:child_process').ChildProcess[]} */
const started = []

/** For `afterEach`. */
export function endAll() {
  for (const child of started.splice(0)) child.kill('SIGKILL')
}

/**
 * @param {string} folder
 * @param {readonly string[]} args
 * @param {Record<string, string>} [env]
 */
export function node(folder, args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: join(examples, folder),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  return { child, lines: createInterface({ input: child.stdout }), exited: once(child, 'exit') }
}

/**
 * `start.mjs <args>` until it has printed so many lines of this kind; then it is told to end, and does.
 *
 * @template T
 * @param {readonly string[]} args
 * @param {Record<string, string>} env
 * @param {number} count
 * @param {(line: Record<string, any>) => T | undefined | Promise<T | undefined>} pick of a line: its JSON, or `{ text }`
 * @returns {Promise<{ picked: T[], texts: string[], exit: unknown[] }>}
 */
export async function startUntil(args, env, count, pick) {
  const { child, lines, exited } = node('.', ['start.mjs', ...args], env)
  const picked = []
  const texts = []
  for await (const text of lines) {
    const isJson = text.startsWith('{')
    if (!isJson) texts.push(text)
    const one = await pick(isJson ? JSON.parse(text) : { text })
    if (one !== undefined) picked.push(one)
    // Once: for some of them a second signal is an abort.
    if (picked.length === count && !child.killed) child.kill('SIGTERM')
  }
  return { picked, texts, exit: await exited }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}

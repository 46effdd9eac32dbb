/** Child processes as a user's shell would start them. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/**
 * Without what the package manager that runs this script set for itself, or the ones under test would obey it. Without
 * JOBS, because node-rdkafka 3.6.1 does not compile with more than one.
 */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => {
    const own = /^(npm_|pnpm_|INIT_CWD$|NODE_OPTIONS$|NODE_PATH$|JOBS$)/i.test(name) && !/^PNPM_HOME$/i.test(name)
    return !own || /^npm_config_(registry|userconfig|cache|store_dir|nodedir|proxy|https_proxy|noproxy)$/i.test(name)
  }),
)

const START_TIMEOUT_MS = 30_000

/** Leaders of process groups: a shell's children would outlive it. None outlives this script, however it ends. */
/** @type {Set<number>} */
const running = new Set()
process.on('exit', () => {
  for (const group of running) kill(group)
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd: string, shell?: boolean }} options
 * @returns {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>}
 */
function spawnGroup(file, args, options) {
  const child = spawn(file, args, { ...options, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const { pid } = child
  if (pid === undefined) return child
  running.add(pid)
  child.on('exit', () => running.delete(pid))
  return child
}

/** @param {number | undefined} group */
function kill(group) {
  try {
    if (group !== undefined) process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** @typedef {{ code: number | null, stdout: string, stderr: string, output: string }} Ended */

/**
 * @param {string} cwd
 * @param {string} command a line for the shell
 * @param {number} [timeoutMs]
 * @returns {Promise<Ended>} whatever its exit code
 */
export function run(cwd, command, timeoutMs = 60_000) {
  return new Promise((resolve, reject) => {
    const child = spawnGroup(command, [], { cwd, shell: true })
    const tooLate = setTimeout(() => kill(child.pid), timeoutMs)
    const ended = { stdout: '', stderr: '', output: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => {
      ended.stdout += text
      ended.output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      ended.stderr += text
      ended.output += text
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(tooLate)
      resolve({ ...ended, code })
    })
  })
}

/**
 * @param {string} cwd
 * @param {string} command
 * @param {number} [timeoutMs]
 * @returns {Promise<Ended>}
 * @throws with its last lines when it does not end with 0
 */
export async function succeed(cwd, command, timeoutMs) {
  const ended = await run(cwd, command, timeoutMs)
  if (ended.code === 0) return ended
  throw new Error(`${command}\nended with ${ended.code}:\n${ended.output.split('\n').slice(-40).join('\n')}`)
}

/**
 * Starts a program that says on its first line of JSON that it is ready, and goes on.
 *
 * @param {string} cwd
 * @param {string} file no shell in between: the signal must reach the program itself
 * @param {readonly string[]} args
 * @returns {Promise<{ ready: any, stop: () => Promise<number | null> }>}
 */
export function start(cwd, file, args) {
  return new Promise((resolve, reject) => {
    const child = spawnGroup(file, args, { cwd })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    /** @type {Promise<number | null>} */
    const ended = new Promise((done) => child.on('close', (code) => done(code)))
    child.on('error', reject)
    const tooLate = setTimeout(() => kill(child.pid), START_TIMEOUT_MS)
    ended.then((code) => {
      clearTimeout(tooLate)
      reject(new Error(`${file} ${args.join(' ')}\nended with ${code}:\n${stderr}`))
    })
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(tooLate)
      const stop = () => {
        child.kill('SIGTERM')
        return ended
      }
      try {
        resolve({ ready: JSON.parse(line), stop })
      } catch (error) {
        void stop()
        reject(error)
      }
    })
  })
}

/**
 * A process of its own for one side of a run, so that CPU, memory and start are its own. None can hold up a suite: each has a
 * deadline, and one that does not end after it has said its result is killed, for what it measured is known by then. (node-rdkafka's
 * disconnect may wait for ever, when a rebalance is under way.)
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { undoneAtSignal } from './interrupt.js'

const DEADLINE_MS = 120_000
/** How long a process may take to end once it has said what it had to. */
const GRACE_MS = 5_000
/** Of what it wrote to stderr, the end is told when it fails. */
const STDERR_CHARACTERS = 2_000

export interface ChildOptions {
  /** Of the whole process, in milliseconds. Default: two minutes. */
  deadlineMs?: number
  /** How long it may take to end after its line, in milliseconds. Default: 5,000. */
  graceMs?: number
  /** What it is sent when its line has come, for one that does not end by itself. */
  end?: NodeJS.Signals
}

export interface ChildLine {
  line: string
  /** Milliseconds from the start of the process to the line. */
  ms: number
  /** False for one that had to be killed. */
  ended: boolean
}

/**
 * @param args of Node: a script and what it is called with
 * @param wanted the first line of stdout for which it is true is the answer
 * @throws Error when it ends, or its deadline passes, without such a line
 */
export async function childLine(
  args: readonly string[],
  wanted: (line: string) => boolean,
  { deadlineMs = DEADLINE_MS, graceMs = GRACE_MS, end }: ChildOptions = {},
): Promise<ChildLine> {
  const started = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARACTERS)
  })
  const closed = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`))
  })
  const kill = () => child.kill('SIGKILL')
  const forget = undoneAtSignal(() => kill() && closed)
  const deadline = setTimeout(kill, deadlineMs)
  try {
    const found = await new Promise<Omit<ChildLine, 'ended'> | undefined>((resolve) => {
      createInterface(child.stdout).on('line', (line) => {
        if (wanted(line)) resolve({ line, ms: performance.now() - started })
      })
      void closed.then(() => resolve(undefined))
    })
    if (found === undefined) {
      const late = performance.now() - started >= deadlineMs ? `, after its deadline of ${deadlineMs} ms` : ''
      throw new Error(`${args.join(' ')} ${await closed}${late}, without a result. ${stderr}`)
    }
    if (end !== undefined) child.kill(end)
    const impatience = setTimeout(kill, graceMs)
    await closed
    clearTimeout(impatience)
    return { ...found, ended: child.signalCode !== 'SIGKILL' }
  } finally {
    forget()
    clearTimeout(deadline)
  }
}

/** @param script of this folder @returns the object of the first line that is one */
export async function childResult<T>(script: string, args: readonly string[], options?: ChildOptions): Promise<T> {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const { line } = await childLine([file, ...args], (text) => text.startsWith('{'), options)
  return JSON.parse(line) as T
}

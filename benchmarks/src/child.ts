/**
 * A process of its own for one side of a run, so that CPU, memory and start are its own. None can hold up a suite: each has a
 * deadline, and `childLine` kills one that does not end after it has said its result, for what it measured is known by then.
 * (node-rdkafka's disconnect may wait for ever, when a rebalance is under way.)
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { undoneAtSignal } from './interrupt.js'

const DEADLINE_MS = 120_000
/** How long a process may take to end once it has said what it had to, or has been stopped. */
const GRACE_MS = 5_000
/** Of what it wrote to stderr, the end is told when it fails. */
const STDERR_CHARACTERS = 2_000

interface Limits {
  /** Of the whole process, in milliseconds. Default: two minutes. */
  deadlineMs?: number
  /** How long it may take to end after its line, or once it has been stopped, until it is killed; in milliseconds. Default: 5,000. */
  graceMs?: number
  /**
   * What it is sent at its deadline, and when the bench is interrupted. Default: SIGKILL. SIGTERM for one that has a process of its
   * own to end.
   */
  stop?: NodeJS.Signals
}

export interface ChildOptions extends Limits {
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
  { end, ...limits }: ChildOptions = {},
): Promise<ChildLine> {
  const started = performance.now()
  return withChild([process.execPath, ...args], limits, async ({ child, lines, closed, endSoon, failure }) => {
    const found = await new Promise<Omit<ChildLine, 'ended'> | undefined>((resolve) => {
      lines.on('line', (line) => {
        if (wanted(line)) resolve({ line, ms: performance.now() - started })
      })
      void closed.then(() => resolve(undefined))
    })
    if (found === undefined) throw await failure()
    endSoon(end)
    await closed
    return { ...found, ended: child.signalCode !== 'SIGKILL' }
  })
}

/** @param script of this folder @returns the object of the first line that is one */
export async function childResult<T>(script: string, args: readonly string[], options?: ChildOptions): Promise<T> {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const { line } = await childLine([file, ...args], (text) => text.startsWith('{'), options)
  return JSON.parse(line) as T
}

/**
 * @param command a program and what it is called with
 * @returns its last line of stdout, when it has ended; empty for one that said nothing
 * @throws Error when it ends with another code than 0, or its deadline passes
 */
export async function lastLine(command: readonly [string, ...string[]], limits: Limits = {}): Promise<string> {
  return withChild(command, limits, async ({ child, lines, closed, failure }) => {
    let last = ''
    lines.on('line', (line) => {
      if (line.trim() !== '') last = line
    })
    await closed
    if (child.exitCode !== 0) throw await failure()
    return last
  })
}

interface Running {
  child: ChildProcess
  /** Of stdout. */
  lines: Interface
  /** How it ended, in words. */
  closed: Promise<string>
  /** It has no deadline any more, and is killed when it has not ended by itself, or for the signal, in time. */
  endSoon(signal?: NodeJS.Signals): void
  /** Why it is over. */
  failure(): Promise<Error>
}

async function withChild<T>(
  command: readonly [string, ...string[]],
  { deadlineMs = DEADLINE_MS, graceMs = GRACE_MS, stop = 'SIGKILL' }: Limits,
  use: (running: Running) => Promise<T>,
): Promise<T> {
  const [file, ...args] = command
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARACTERS)
  })
  const closed = new Promise<string>((resolve) => {
    child.on('error', (error) => {
      // One that cannot be killed is told here as well.
      if (child.pid === undefined) resolve(error.message)
    })
    child.once('close', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`))
  })
  const kill = () => {
    child.kill('SIGKILL')
    // A process that it has started may hold them open after it.
    child.stdout.destroy()
    child.stderr.destroy()
  }
  const endSoon = (signal?: NodeJS.Signals) => {
    clearTimeout(deadline)
    if (signal === 'SIGKILL') return kill()
    if (signal !== undefined) child.kill(signal)
    const impatience = setTimeout(kill, graceMs)
    void closed.then(() => clearTimeout(impatience))
  }
  let stopped = ''
  const stopNow = (why: string) => {
    stopped = why
    endSoon(stop)
    return closed
  }
  const forget = undoneAtSignal(() => stopNow(', for the bench was interrupted'))
  const deadline = setTimeout(stopNow, deadlineMs, `, after its deadline of ${deadlineMs} ms`)
  const failure = async () => new Error(`${command.join(' ')} ${await closed}${stopped}, without a result. ${stderr}`)
  try {
    const result = await use({ child, lines: createInterface(child.stdout), closed, endSoon, failure })
    // Also where it ended well: it was late, or what comes after it must not begin any more.
    if (stopped !== '') throw await failure()
    return result
  } finally {
    forget()
    clearTimeout(deadline)
  }
}

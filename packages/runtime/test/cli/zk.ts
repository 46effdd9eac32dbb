/** The command `zk` as a process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/zk.cjs', import.meta.url))

export interface Result {
  code: number | null
  stdout: string
  stderr: string
}

export function start(args: readonly string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const ended: Promise<Result> = once(child, 'close').then(([code]) => ({ code, stdout, stderr }))
  return { child, ended }
}

/** Runs it to its end. */
export function zk(...args: string[]): Promise<Result> {
  return start(args).ended
}

export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/**
 * Lines on stdout, written at once, so that nothing is lost when the process is killed right after. What a slow reader
 * has not taken waits here, in order: the main thread owns the consumer and hears the signals, and must not wait itself.
 */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const STDOUT = 1
/** How often a full pipe is tried again. */
const RETRY_MS = 20
/** How much waits for a reader, who may never come. */
const MAX_CHARACTERS = 16 * 1024 * 1024

/** Begun, and what comes after it. */
let current = Buffer.alloc(0)
let later = ''
let retry: NodeJS.Timeout | undefined
let closed = false

export function writeLine(line: string): void {
  if (later.length > MAX_CHARACTERS) close('nobody reads it')
  if (closed) return
  later += `${line}\n`
  if (retry === undefined) write()
}

/** Resolves when nothing waits any more. Keeps no process alive. */
export async function stdoutTaken(): Promise<void> {
  while (retry !== undefined) await delay(RETRY_MS, undefined, { ref: false })
}

/** What can no longer be written. A reader that has gone had enough; anything else is said, once. */
export function stdoutFailed({ code, message }: NodeJS.ErrnoException): void {
  current = Buffer.alloc(0)
  later = ''
  if (code === 'EPIPE') closed = true
  else close(message)
}

function write(): void {
  retry = undefined
  try {
    while (current.length > 0 || later !== '') {
      if (current.length === 0) {
        current = Buffer.from(later)
        later = ''
      }
      current = current.subarray(writeSync(STDOUT, current))
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') retry = setTimeout(write, RETRY_MS).unref()
    else stdoutFailed(error as NodeJS.ErrnoException)
  }
}

function close(why: string): void {
  if (closed) return
  closed = true
  console.error(`Nothing more is written to stdout: ${why}`)
  // Of a command that has nothing but its output; a run that did its work says so by its own code.
  process.exitCode ||= 1
}

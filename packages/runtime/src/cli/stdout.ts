/**
 * Lines on stdout, written at once, so that nothing is lost when the process is killed right after. What a slow reader
 * has not taken waits here, in order: the main thread owns the consumer and hears the signals, and must not wait itself.
 */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const STDOUT = 1
/** How often a pipe that stays full is tried again. */
const RETRY_MS = 20
/** And one whose reader takes what it gets. */
const SOON_MS = 1
/** What may wait for a reader without anybody waiting with it. */
const ROOM_CHARACTERS = 1024 * 1024
/** How much waits for a reader, who may never come. */
const MAX_CHARACTERS = 16 * 1024 * 1024

/** Begun, and what comes after it. */
let current = Buffer.alloc(0)
let later = ''
let retry: NodeJS.Timeout | undefined
let closed = false
let takenAt = 0

export function writeLine(line: string): void {
  if (later.length > MAX_CHARACTERS) close('nobody reads it')
  if (closed) return
  later += `${line}\n`
  if (retry === undefined) write()
}

/** For who writes as fast as it can, and has nothing else to do: waits until the reader has taken most of it. */
export async function stdoutRoom(): Promise<void> {
  while (retry !== undefined && current.length + later.length > ROOM_CHARACTERS) await delay(SOON_MS)
}

/** @returns whether all was taken; false once the reader has taken nothing for so long */
export async function stdoutTaken(patienceMs = Number.POSITIVE_INFINITY): Promise<boolean> {
  takenAt = performance.now()
  while (retry !== undefined) {
    if (performance.now() - takenAt > patienceMs) return false
    await delay(RETRY_MS)
  }
  return true
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
  let isTaken = false
  try {
    while (current.length > 0 || later !== '') {
      if (current.length === 0) {
        current = Buffer.from(later)
        later = ''
      }
      current = current.subarray(writeSync(STDOUT, current))
      isTaken = true
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN')
      retry = setTimeout(write, isTaken ? SOON_MS : RETRY_MS).unref()
    else stdoutFailed(error as NodeJS.ErrnoException)
  }
  if (isTaken) takenAt = performance.now()
}

function close(why: string): void {
  if (closed) return
  closed = true
  console.error(`Nothing more is written to stdout: ${why}`)
  // Of a command that has nothing but its output; a run that did its work says so by its own code.
  process.exitCode ||= 1
}

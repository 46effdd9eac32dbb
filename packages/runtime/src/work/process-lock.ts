/**
 * A lock file that one living process holds. It says which process that is, so that one left behind by a process that was
 * killed is taken over, without an age to wait for.
 *
 * A process of another machine or container cannot be looked at: its lock counts as left behind.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'

interface Holder {
  pid: number
  host: string
  /** When the process began, in the kernel's own count; null where it does not tell. Process ids come again. */
  began: string | null
}

/** Locks of this process, whose own process id says nothing: in a container the next life may well have the same. */
const own = new Set<string>()

export class ProcessLock {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  /**
   * @returns the lock, or the id of the process that holds it
   * @throws errors of the file system
   */
  static take(path: string): ProcessLock | number {
    const mine = `${path}.${process.pid}`
    const text = JSON.stringify({ pid: process.pid, host: hostname(), began: beganOf(process.pid) } satisfies Holder)
    writeFileSync(mine, text)
    try {
      // Whoever comes second in a race for a lock that was left behind finds the first one's in its place.
      for (let attempt = 0; attempt < 3; attempt++) {
        if (linked(mine, path)) {
          own.add(path)
          return new ProcessLock(path)
        }
        const left = read(path)
        if (left !== undefined) {
          const holder = parse(left)
          if (holder !== undefined && isAlive(holder, path)) return holder.pid
          setAside(path, left, `${mine}.left`)
        }
      }
    } finally {
      rmSync(mine, { force: true })
    }
    return parse(read(path) ?? '')?.pid ?? 0
  }

  release(): void {
    own.delete(this.#path)
    rmSync(this.#path, { force: true })
  }
}

function isAlive({ pid, host, began }: Holder, path: string): boolean {
  if (host !== hostname()) return false
  if (pid === process.pid) return own.has(path)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const now = beganOf(pid)
  return began === null || now === null || began === now
}

/** Field 22 of the kernel's line about a process, counted from behind its name, which may hold anything. */
function beganOf(pid: number): string | null {
  const line = read(`/proc/${pid}/stat`)
  return line?.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Only the lock that was looked at: another one is put back. */
function setAside(path: string, expected: string, aside: string): void {
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  if (read(aside) !== expected) linked(aside, path)
  rmSync(aside, { force: true })
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, host, began } = JSON.parse(text)
    return Number.isInteger(pid) && pid > 0 ? { pid, host, began: began ?? null } : undefined
  } catch {
    return undefined
  }
}

/** Resident memory of a process, as the kernel counts it. */
import { readFileSync } from 'node:fs'

export interface Resident {
  /** MiB. */
  now: number
  /** The most since the process began, MiB. */
  peak: number
}

export function resident(pid: number): Resident {
  return residentIn(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** @param status the text of /proc/<pid>/status */
export function residentIn(status: string): Resident {
  const mib = (name: string) => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)
    if (found === null) throw new Error(`the status of the process has no ${name}`)
    return Number(found[1]) / 1_024
  }
  return { now: mib('VmRSS'), peak: mib('VmHWM') }
}

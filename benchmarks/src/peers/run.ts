/** One run of one program, a process of its own. */
import { lastLine } from '../child.js'
import type { Command } from './programs.js'

/** A prefix may wait for something, a lock for example. */
const TIMEOUT_MS = 600_000

/** What a program prints, checked. */
export interface Run {
  messages: number
  seconds: number
  cpuSeconds: number
  /** 0 where the system does not tell. */
  peakRssMiB: number
  checksum: string
  /** Milliseconds, by the number of the record. */
  latencies?: number[]
}

/**
 * @param prefix a command that starts the program, as `taskset -c 0,1`
 * @returns the last line that it printed
 */
export async function run({ file, args }: Command, prefix: readonly string[]): Promise<string> {
  const command = [...prefix, file, ...args] as [string, ...string[]]
  // Under a trickle the program is a process of the one that fills the topic, and ends with it at SIGTERM only.
  return lastLine(command, { deadlineMs: TIMEOUT_MS, stop: 'SIGTERM' })
}

/** @throws where the line is no run: an empty figure in a table would look like a fast one */
export function parseRun(line: string): Run {
  const { latencies, ...figures } = objectIn(line)
  for (const name of ['messages', 'seconds', 'cpuSeconds'] as const) {
    if (!isPositive(figures[name])) throw new Error(`a program printed no ${name}: ${line.slice(0, 500)}`)
  }
  if (typeof figures.peakRssMiB !== 'number') throw new Error(`a program printed no peakRssMiB: ${line.slice(0, 500)}`)
  if (latencies !== undefined && !(Array.isArray(latencies) && latencies.every(Number.isFinite))) {
    throw new Error(`a program printed latencies that are no numbers: ${line.slice(0, 500)}`)
  }
  return { ...(figures as unknown as Run), ...(latencies !== undefined && { latencies: latencies as number[] }) }
}

function objectIn(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {}
  throw new Error(`a program ended without a result: ${line.slice(0, 500)}`)
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}

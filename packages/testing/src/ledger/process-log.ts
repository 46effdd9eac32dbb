import type { Placed } from './indexed-ledger.js'
import type {
  AssignedLine,
  ExitLine,
  KilledLine,
  LostLine,
  ProgressLine,
  RevokedLine,
  ThreadGoneLine,
  WindowLine,
} from './lines.js'

/** One process from its first line to its end: another one that gets its pid later has a log of its own. */
export interface ProcessLog {
  pid: number
  /** The process that had the pid before. */
  before: ProcessLog | undefined
  /** Line number of the last line in which the process itself speaks. */
  lastSaid: number
  /** By thread: line numbers of its last line and of the one before that. */
  said: Map<number, { last: number; beforeLast: number }>
  kills: Placed<KilledLine>[]
  exit: Placed<ExitLine> | undefined
  threadsGone: Placed<ThreadGoneLine>[]
  windows: Placed<WindowLine>[]
  progress: Placed<ProgressLine>[]
  /** Every change of what it owns. */
  assignments: Placed<AssignedLine | RevokedLine | LostLine>[]
}

/** Stands for the main thread, which says all that no handler says. */
const MAIN = -1

/**
 * Keeps the processes of a ledger apart, also where a pid comes again, as it does in containers. What follows `exit` is
 * of a new process, because who wrote it had waited. What follows a SIGKILL may have been in flight, so that there only
 * `assigned` begins a new one.
 */
export function createProcesses() {
  const all: ProcessLog[] = []
  const latest = new Map<number, ProcessLog>()

  function begin(pid: number): ProcessLog {
    const process: ProcessLog = {
      ...{ pid, before: latest.get(pid), lastSaid: 0, said: new Map(), kills: [], exit: undefined },
      ...{ threadsGone: [], windows: [], progress: [], assignments: [] },
    }
    all.push(process)
    latest.set(pid, process)
    return process
  }

  return {
    all,

    /** The process that others speak of: it has the pid, or had it last. */
    of: (pid: number): ProcessLog => latest.get(pid) ?? begin(pid),

    /** The process that has the pid and is not known to have ended. */
    present(pid: number, type: 'assigned' | 'other' = 'other'): ProcessLog {
      const process = latest.get(pid)
      const over = process?.exit ?? (type === 'assigned' ? process && sigkill(process) : undefined)
      return process && !over ? process : begin(pid)
    },
  }
}

/** Notes that the process itself wrote a line. */
export function speaks(process: ProcessLog, number: number, thread = MAIN): ProcessLog {
  process.lastSaid = number
  const said = process.said.get(thread)
  if (said) {
    said.beforeLast = said.last
    said.last = number
  } else process.said.set(thread, { last: number, beforeLast: 0 })
  return process
}

export function sigkill({ kills }: ProcessLog): Placed<KilledLine> | undefined {
  return kills.find((k) => k.line.signal === 'SIGKILL')
}

/**
 * The last line of a process that cannot have died at a line, or undefined when it can. A thread that is killed does
 * not come back from a system call: of each thread one line may still follow, the one in flight.
 */
export function outlived({ said }: ProcessLog, number: number): number | undefined {
  const alive = [...said.values()].filter(({ beforeLast }) => beforeLast > number)
  return alive.length > 0 ? Math.max(...alive.map(({ last }) => last)) : undefined
}

/**
 * What a ledger holds: one JSON object a line, in the order in which things happened.
 *
 * Everybody who takes part appends to the same file with one O_APPEND write a line, so the order of the file is one
 * order for all processes and threads of the machine, and the checker trusts it alone. `at` is for people and for
 * durations: milliseconds of the machine's monotonic clock, see `ledgerNow`.
 *
 * A ledger tells of one consumer group. Whoever starts processes must log how each of them ended (`killed` or `exit`):
 * to the checker a process of which nothing is said is still alive. A pid may come again, as in containers: after `exit`
 * a new process has it, after a SIGKILL without `exit` with the next `assigned`. Two that live at a time may not share one.
 */
export type LedgerLine =
  | ProducedLine
  | StartLine
  | EndLine
  | CommittedLine
  | DeadLine
  | FailedLine
  | AssignedLine
  | RevokedLine
  | LostLine
  | CutLine
  | ThreadGoneLine
  | KilledLine
  | ExitLine
  | WindowLine
  | ProgressLine

/** A record of the topic under test, and what its producer called it. */
export interface RecordFields {
  /** null: a record without a key, for which no order is promised. */
  key: string | null
  /** Counts the records of the key, from the producer's side. */
  seq: number
  topic: string
  partition: number
  offset: number
}

/** The broker acknowledged a record. May come later in the file than its deliveries: the acknowledgement travels. */
export interface ProducedLine extends RecordFields {
  type: 'produced'
}

/** A handler was called. Written by the handler itself, first thing. */
export interface StartLine extends RecordFields {
  type: 'start'
  /** Unique in the ledger: names the delivery in its `end` line. */
  id: string
  /** 1 for the first attempt. */
  attempt: number
  thread: number
  pid: number
  /** The partition's assignment, where the writer knows it. */
  epoch?: number
  at: number
}

/** The handler is about to return (or to throw). Written by the handler itself, last thing. */
export interface EndLine {
  type: 'end'
  id: string
  ok: boolean
  at: number
}

/** The broker acknowledged a commit: `offset` is the next one to read. May be read back from it after the process is gone. */
export interface CommittedLine {
  type: 'committed'
  group: string
  topic: string
  partition: number
  offset: number
  pid: number
  epoch?: number
  /**
   * What the commit says is finished above `offset`, as flat ranges `[from, to, from, to, …]`, ascending: of too many the
   * lowest. Left out where commits say nothing of the kind.
   */
  finished?: number[]
  at: number
}

/** A dead letter exists; topic, partition and offset are the origin's. May be read back after the run. */
export interface DeadLine extends RecordFields {
  type: 'dead'
  cause: string
}

/** The rule for exhausted records completed it without a dead letter. */
export interface FailedLine extends RecordFields {
  type: 'failed'
  cause: string
}

interface AssignmentFields {
  pid: number
  epoch: number
  partitions: { topic: string; partition: number }[]
  at: number
}

/** Written before the first record of the assignment is handed to a thread. Where one process writes it, all do. */
export interface AssignedLine extends AssignmentFields {
  type: 'assigned'
}

/** Written when the process gives the partitions up in good order: after its last commit of them. */
export interface RevokedLine extends AssignmentFields {
  type: 'revoked'
}

/** Written when the process learns that the partitions were taken from it. */
export interface LostLine extends AssignmentFields {
  type: 'lost'
}

/**
 * A partition was given up with work unfinished: a drain or shutdown deadline passed, or the run stopped by its own
 * policy. The next owner begins at `offset`, and repeats what had finished above it. Written before `revoked`.
 */
export interface CutLine {
  type: 'cut'
  pid: number
  topic: string
  partition: number
  /** The lowest unfinished offset. */
  offset: number
  at: number
}

/** A worker thread is gone for certain: nothing it was running runs any more. */
export interface ThreadGoneLine {
  type: 'thread-gone'
  pid: number
  thread: number
  at: number
}

/** Somebody has sent a signal to a process: written when kill() has returned, or later. SIGSTOP belongs here too. */
export interface KilledLine {
  type: 'killed'
  pid: number
  signal: string
  at: number
}

/** A process ended; written by the one who waited for it: no line of its own comes later. */
export interface ExitLine {
  type: 'exit'
  pid: number
  /** As a shell would say it: 128 + n for a signal. */
  code: number
  expectedCode: number
  /** What kept the process from ending by itself. */
  openHandles?: string[]
  unhandledRejections?: number
  at?: number
}

/** How full the window was. Every handler that runs is in it. */
export interface WindowLine {
  type: 'window'
  pid: number
  messages: number
  bytes: number
  capMessages: number
  capBytes: number
}

/** How far a process is, written at least every `stallMs` while there is lag. */
export interface ProgressLine {
  type: 'progress'
  pid: number
  /** Records to go in the partitions it owns. */
  lag: number
  /** The sum of its watermarks. */
  watermarks: number
  /** Why it is right not to move: a breaker is open, a delay is not over, … */
  held?: string
  at: number
}

type Check = 'string' | 'number' | 'boolean' | 'string or null' | 'partitions' | 'ranges'
const record = { key: 'string or null', seq: 'number', topic: 'string', partition: 'number', offset: 'number' } as const
const assignment = { pid: 'number', epoch: 'number', partitions: 'partitions', at: 'number' } as const

/** The fields that must be there; what is optional is left alone, but for what would be misread. */
const required: { [T in LedgerLine['type']]: Readonly<Record<string, Check>> } = {
  produced: record,
  start: { ...record, id: 'string', attempt: 'number', thread: 'number', pid: 'number', at: 'number' },
  end: { id: 'string', ok: 'boolean', at: 'number' },
  committed: { group: 'string', topic: 'string', partition: 'number', offset: 'number', pid: 'number', at: 'number' },
  dead: { ...record, cause: 'string' },
  failed: { ...record, cause: 'string' },
  assigned: assignment,
  revoked: assignment,
  lost: assignment,
  cut: { pid: 'number', topic: 'string', partition: 'number', offset: 'number', at: 'number' },
  'thread-gone': { pid: 'number', thread: 'number', at: 'number' },
  killed: { pid: 'number', signal: 'string', at: 'number' },
  exit: { pid: 'number', code: 'number', expectedCode: 'number' },
  window: { pid: 'number', messages: 'number', bytes: 'number', capMessages: 'number', capBytes: 'number' },
  progress: { pid: 'number', lag: 'number', watermarks: 'number', at: 'number' },
}
const optional: { [T in LedgerLine['type']]?: readonly [name: string, check: Check] } = {
  committed: ['finished', 'ranges'],
}
const requiredEntries = new Map(Object.entries(required).map(([type, fields]) => [type, Object.entries(fields)]))

/** @returns why the value is no ledger line, or undefined when it is one. */
export function whyNotALine(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is not an object'
  const line = value as Record<string, unknown>
  const fields = typeof line.type === 'string' ? requiredEntries.get(line.type) : undefined
  if (!fields) return `has the unknown type ${JSON.stringify(line.type)}`
  for (const [name, check] of fields) {
    if (!satisfies(line[name], check)) return `(${line.type}) has no proper ${name}: ${JSON.stringify(line[name])}`
  }
  const [name, check] = optional[line.type as LedgerLine['type']] ?? []
  if (name === undefined || line[name] === undefined || satisfies(line[name], check!)) return undefined
  return `(${line.type}) has no proper ${name}: ${JSON.stringify(line[name])}`
}

function satisfies(value: unknown, check: Check): boolean {
  switch (check) {
    case 'string or null':
      return value === null || typeof value === 'string'
    case 'number':
      return Number.isFinite(value)
    case 'partitions':
      return (
        Array.isArray(value) &&
        value.every(
          (p) => typeof p === 'object' && p !== null && typeof p.topic === 'string' && Number.isInteger(p.partition),
        )
      )
    case 'ranges':
      return (
        Array.isArray(value) &&
        value.length % 2 === 0 &&
        value.every((bound, i) => Number.isInteger(bound) && (i === 0 || bound > value[i - 1]))
      )
    default:
      return typeof value === check
  }
}

/**
 * What happened, as integers: a hash and a count per kind in every run, and a readable trace only in the second run of a
 * schedule that somebody wants to read.
 */

/** `events` happen in the model, `faults` are events that nobody wishes for, `effects` are what engines do. */
export type Family = 'event' | 'fault' | 'effect'

/** Each kind: its family, its name, and what its numbers mean. */
const KINDS = {
  spawned: ['event', 'a process starts', 'threads'],
  joined: ['event', 'joins the group', 'generation'],
  answered: ['event', 'has the answer to its join', 'generation'],
  synced: ['event', 'has its assignment', 'generation', 'partitions'],
  formed: ['event', 'the group has a new generation', 'generation', 'members'],
  settled: ['event', 'the group is stable', 'generation'],
  left: ['event', 'has left the group', 'in good order'],
  produced: ['event', 'records are written', 'partition', 'end'],
  fetched: ['event', 'reads', 'records', 'ends'],
  handed: ['event', 'a batch is handed over', 'records'],
  received: ['event', 'a thread receives', 'thread', 'records'],
  published: ['event', 'a thread shows as running', 'thread', 'partition', 'offset'],
  started: ['event', 'a handler starts', 'thread', 'partition', 'offset'],
  heldBack: ['event', 'a start finds its circuit open', 'thread', 'partition', 'offset'],
  handedBack: ['event', 'a record is handed back', 'thread', 'partition', 'offset'],
  woken: ['event', 'a thread hears of cuts and circuits', 'thread'],
  due: ['event', 'another attempt is due', 'thread'],
  letterTaken: ['event', 'the broker has a dead letter', 'partition', 'offset'],
  letterWritten: ['event', 'a dead letter is acknowledged', 'partition', 'offset'],
  letterGivenUp: ['event', 'a dead letter is not wanted any more', 'partition', 'offset'],
  refused: ['event', 'a start finds the cut', 'thread', 'partition', 'offset'],
  done: ['event', 'a handler ends', 'thread', 'partition', 'offset'],
  posted: ['event', 'a thread posts acks', 'thread', 'acks'],
  acks: ['event', 'acks arrive', 'thread', 'acks', 'stale'],
  tick: ['event', 'the clock ticks', 'now'],
  exited: ['event', 'a thread that was told to end has ended', 'thread'],
  gone: ['event', 'a thread is known to be gone', 'thread', 'planned', 'guilty'],
  up: ['event', 'a thread is up', 'thread'],
  terminated: ['event', 'a thread is told to end', 'thread'],
  assigned: ['event', 'a partition is assigned', 'partition', 'from', 'tenure'],
  revoking: ['event', 'a revoke begins', 'partitions'],
  revoked: ['event', 'a partition is given back', 'partition', 'in order'],
  sent: ['event', 'a commit is sent', 'partitions', 'generation'],
  applied: ['event', 'the broker has a commit', 'partition', 'offset', 'generation'],
  answer: ['event', 'the answer to a commit', 'code'],
  stopping: ['event', 'a process is told to end', 'how'],
  halted: ['event', 'time is up', 'partitions'],
  closed: ['event', 'a process has ended', 'in good order'],
  rewound: ['event', 'a partition begins again', 'partition', 'offset', 'tenure'],
  outOfRange: ['event', 'a position is out of range', 'partition', 'from', 'to'],
  failed: ['fault', 'a handler fails', 'thread', 'partition', 'offset'],
  parked: ['fault', 'a handler fails and is tried again', 'thread', 'partition', 'offset'],
  killedBy: ['fault', 'a handler kills its thread', 'thread', 'partition', 'offset'],
  abortedBy: ['fault', 'a handler kills its process', 'thread', 'partition', 'offset'],
  condemned: ['effect', 'process deaths', 'partition', 'offset', 'deaths'],
  overdue: ['fault', 'a handler is told that its time is up', 'thread', 'partition', 'offset'],
  givenUp: ['fault', 'a handler is given up', 'thread', 'partition', 'offset'],
  letterRefused: ['fault', 'a dead letter is refused', 'partition', 'offset'],
  letterLost: ['fault', 'a dead letter or its answer is lost', 'partition', 'offset'],
  gaveUp: ['fault', 'a handler gives up', 'thread', 'partition', 'offset'],
  died: ['fault', 'a thread dies', 'thread'],
  startFailed: ['fault', 'a thread dies while starting', 'thread'],
  stuck: ['fault', 'a thread is stuck', 'thread'],
  retired: ['fault', 'a thread is retired', 'thread'],
  replayed: ['fault', 'acks arrive once more', 'thread', 'acks'],
  lost: ['fault', 'an assignment is lost', 'partitions'],
  fenced: ['fault', 'the group gives a member up', 'generation'],
  frozen: ['fault', 'a process is frozen'],
  thawed: ['event', 'a process goes on'],
  killed: ['fault', 'a process is killed'],
  shutdown: ['fault', 'a shutdown is asked for'],
  aborted: ['fault', 'an abort is asked for'],
  stopped: ['fault', 'a process stops by its own policy'],
  stirred: ['fault', 'a rebalance without a reason'],
  grown: ['fault', 'a partition is added', 'partition'],
  commitLost: ['fault', 'a commit is lost on its way'],
  answerLost: ['fault', 'the answer to a commit is lost'],
  commitRefused: ['fault', 'a commit is refused', 'code'],
  timedOut: ['fault', 'a commit has no answer in time'],
  seek: ['fault', 'a position is set back', 'partition', 'offset'],
  truncated: ['fault', 'a log is truncated', 'partition', 'end'],
  recreated: ['fault', 'a topic is made anew', 'partition'],
  retained: ['fault', 'old records are deleted', 'partition', 'start'],
  compacted: ['fault', 'a record is compacted away', 'partition', 'offset'],
  setBack: ['fault', 'the committed offset is set back', 'partition', 'offset'],
  dispatch: ['effect', 'dispatch', 'thread', 'partition', 'offset'],
  hold: ['effect', 'hold', 'held'],
  cut: ['effect', 'cut', 'partition', 'epoch', 'above'],
  pause: ['effect', 'pause', 'partition'],
  resume: ['effect', 'resume', 'partition'],
  store: ['effect', 'store', 'partition', 'offset', 'ranges'],
  drained: ['effect', 'drained', 'partitions', 'complete'],
  stop: ['effect', 'stop', 'crash loop'],
  exhausted: ['effect', 'failed', 'partition', 'offset'],
  deadLetter: ['effect', 'dead letter', 'partition', 'offset'],
  permit: ['effect', 'permit', 'thread'],
  opened: ['effect', 'a circuit opens', 'partition'],
  halfOpen: ['effect', 'a circuit is half-open', 'partition'],
  closes: ['effect', 'a circuit closes', 'partition'],
  rewinds: ['effect', 'rewound', 'partition', 'from', 'to'],
  restart: ['effect', 'restart', 'partition', 'offset'],
  began: ['event', 'a handler has a batch', 'thread', 'records'],
  threwAll: ['fault', 'a batch fails as a whole', 'thread', 'records'],
  putBack: ['fault', 'a record of a batch is to run again', 'thread', 'partition', 'offset'],
} as const satisfies Record<string, readonly [Family, string, ...string[]]>

export type Kind = keyof typeof KINDS
export const kinds = Object.keys(KINDS) as readonly Kind[]
/** The number of each kind: the order of the table is part of every hash. */
export const K = Object.fromEntries(kinds.map((kind, i) => [kind, i])) as Readonly<Record<Kind, number>>

const texts: readonly (readonly string[])[] = kinds.map((kind) => KINDS[kind].slice(1))
const isEvent = Uint8Array.from(kinds, (kind) => (KINDS[kind][0] === 'effect' ? 0 : 1))

export function familyOf(kind: Kind): Family {
  return KINDS[kind][0]
}

/** Words of one entry in a trace: kind, process (-1 for none), three numbers. */
const ENTRY = 5

export class Journal {
  readonly counts = new Float64Array(kinds.length)
  /** What happened in this schedule, effects left out. */
  events = 0
  #hash = 0
  readonly #trace: number[] | undefined

  constructor(tracing: boolean) {
    this.#trace = tracing ? [] : undefined
  }

  note(kind: number, member: number, a = 0, b = 0, c = 0): void {
    this.counts[kind]!++
    this.events += isEvent[kind]!
    let h = this.#hash
    h = Math.imul(h ^ kind, 0x9e3779b1)
    h = Math.imul((h ^ (h >>> 15)) + member, 0x85ebca6b)
    h = Math.imul((h ^ (h >>> 13)) + a, 0xc2b2ae35)
    h = Math.imul((h ^ (h >>> 16)) + b, 0x27d4eb2f)
    this.#hash = Math.imul((h ^ (h >>> 15)) + c, 0x165667b1)
    this.#trace?.push(kind, member, a, b, c)
  }

  get hash(): number {
    return this.#hash >>> 0
  }

  /** One sentence an entry. */
  lines(): string[] {
    const trace = this.#trace ?? []
    const lines: string[] = []
    for (let at = 0; at < trace.length; at += ENTRY) {
      const [text, ...labels] = texts[trace[at]!]!
      const who = trace[at + 1] === -1 ? '      ' : `p${trace[at + 1]}    `.slice(0, 6)
      const numbers = labels.map((label, i) => ` ${label} ${trace[at + 2 + i]}`)
      lines.push(`${who}${text}${numbers.join(',')}`)
    }
    return lines
  }
}

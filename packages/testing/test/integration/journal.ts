/** What handlers did, in the order of the file: each delivery's start and end, one appended line each. */
import { closeSync, type FSWatcher, openSync, readSync, watch } from 'node:fs'

export interface StartLine {
  type: 'start'
  id: string
  thread: number
  topic: string
  partition: number
  offset: number
  key: string | null
  value: string | null
  attempt: number
  /** Milliseconds of the machine's monotonic clock. */
  at: number
}

export interface EndLine {
  type: 'end'
  id: string
  ok: boolean
  at: number
}

/** The delivery still runs: written again and again by those that do not end by themselves. */
export interface BeatLine {
  type: 'beat'
  id: string
}

export type JournalLine = StartLine | EndLine | BeatLine | { type: 'setup' | 'teardown'; thread: number }

export class Journal {
  readonly path: string
  readonly #fd: number
  readonly #lines: JournalLine[] = []
  #read = 0
  #rest = ''
  readonly #watchers = new Set<FSWatcher>()

  constructor(path: string) {
    this.path = path
    this.#fd = openSync(path, 'a+')
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close()
    closeSync(this.#fd)
  }

  lines(): readonly JournalLine[] {
    const chunk = Buffer.alloc(1 << 16)
    for (;;) {
      const size = readSync(this.#fd, chunk, 0, chunk.length, this.#read)
      if (size === 0) return this.#lines
      this.#read += size
      const texts = (this.#rest + chunk.toString('utf8', 0, size)).split('\n')
      this.#rest = texts.pop()!
      for (const text of texts) this.#lines.push(JSON.parse(text))
    }
  }

  starts(): StartLine[] {
    return this.lines().filter((line) => line.type === 'start')
  }

  /** Deliveries that ended well. */
  done(): StartLine[] {
    const ok = new Set(this.lines().flatMap((line) => (line.type === 'end' && line.ok ? [line.id] : [])))
    return this.starts().filter(({ id }) => ok.has(id))
  }

  /** Deliveries that never ended: their thread died over them, or is still at them. */
  cutShort(): StartLine[] {
    const ended = new Set(this.lines().flatMap((line) => (line.type === 'end' ? [line.id] : [])))
    return this.starts().filter(({ id }) => !ended.has(id))
  }

  /** Resolves when `check` holds. */
  until(check: (journal: Journal) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const watcher = watch(this.path, () => look())
      this.#watchers.add(watcher)
      const look = () => {
        if (!check(this)) return
        watcher.close()
        this.#watchers.delete(watcher)
        resolve()
      }
      look()
    })
  }

  untilDone(count: number): Promise<void> {
    return this.until((journal) => journal.done().length >= count)
  }
}

/** The lane of a record, in which order is promised; undefined where none is. */
export type LaneOf = (line: StartLine) => string | undefined

export const byKey: LaneOf = ({ topic, partition, key }) => (key === null ? undefined : `${topic}/${partition}/${key}`)
export const byPartition: LaneOf = ({ topic, partition }) => `${topic}/${partition}`

/**
 * What contradicts order in a journal: a delivery that begins while another of its lane runs, or at a lower offset than
 * one before it. Empty when order was kept. A thread's death ends what ran in it: name those deliveries in `dead`. One of them
 * that gives a sign of life after the next of its lane has begun was not dead.
 */
export function disorder(
  lines: readonly JournalLine[],
  laneOf: LaneOf,
  dead: ReadonlySet<string> = new Set(),
): string[] {
  const running = new Map<string, StartLine>()
  const last = new Map<string, number>()
  const lanes = new Map<string, string>()
  /** What began after each that should have been dead. */
  const successors = new Map<string, string>()
  const found: string[] = []
  for (const line of lines) {
    if (line.type === 'end' || line.type === 'beat') {
      const lane = lanes.get(line.id)
      const successor = successors.get(line.id)
      if (successor !== undefined) found.push(`${successor} began while the one before it still ran`)
      successors.delete(line.id)
      if (line.type === 'end' && lane !== undefined && running.get(lane)?.id === line.id) running.delete(lane)
    }
    if (line.type !== 'start') continue
    const lane = laneOf(line)
    if (lane === undefined) continue
    const before = running.get(lane)
    if (before !== undefined) {
      if (dead.has(before.id)) successors.set(before.id, `${lane}@${line.offset}`)
      else found.push(`${lane}@${line.offset} began while @${before.offset} ran`)
    }
    if ((last.get(lane) ?? -1) > line.offset) found.push(`${lane}@${line.offset} began after @${last.get(lane)}`)
    lanes.set(line.id, lane)
    running.set(lane, line)
    last.set(lane, line.offset)
  }
  return found
}

/** `topic/partition@offset` of each, sorted: to compare what was done with what was produced. */
export function places(records: readonly { topic: string; partition: number; offset: number }[]): string[] {
  return records.map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`).sort()
}

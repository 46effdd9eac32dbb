/**
 * What was running when processes of this client id died, and how often: the main side of the crash journal.
 *
 * Threads mark what they run in a file (`threads/crash-journal.ts`). A process that ends in order removes it, so what is
 * found at the start was running when the process before died. That is counted by record, in a second file that is replaced
 * atomically, and forgotten once the record has ended, or lies below what is committed.
 *
 * A death by SIGKILL, or of the machine's memory, marks innocents as well: they run alone once, and are cleared by that.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { nameOf, type TopicPartition } from '@zk/engine'
import { errors } from '../errors.js'
import type { Logger } from '../log/logger.js'
import {
  decodeEntry,
  decodeHeader,
  ENTRY_BYTES,
  encodeHeader,
  LIFE_BYTES,
  type MarkedRecord,
} from '../threads/crash-mark.js'
import { ProcessLock } from './process-lock.js'

/** How long what happened waits to be written down. What is lost with it runs alone once more. */
const SAVE_AFTER_MS = 100
/** Of partitions that went to others nobody says what became of the record. */
const FORGET_AFTER_MS = 7 * 24 * 60 * 60 * 1_000
/** Whole entries. */
const PIECE_BYTES = 2_048 * ENTRY_BYTES

export interface CrashJournalOptions {
  /** A folder, made if it is not there. */
  path: string
  /** Names the files: no two living processes may share one in one folder. */
  clientId: string
  /** Deaths of the process over one record, after which it is not run again. */
  deaths: number
  logger: Logger
}

interface Death extends MarkedRecord {
  deaths: number
  /** Milliseconds since 1970. */
  lastAt: number
}

export class CrashJournal {
  /** Where threads mark what they run. */
  readonly marksFile: string
  /** After how many deaths a record is not run again. */
  readonly #limit: number
  readonly #deathsFile: string
  readonly #logger: Logger
  /** Undefined where the disk is full; a number is the process that has it. */
  readonly #lock: ProcessLock | number | undefined
  /** By partition, then by offset. */
  readonly #deaths = new Map<string, Map<number, Death>>()
  readonly #life = randomBytes(LIFE_BYTES)
  /** The life whose marks have been counted. */
  #counted = ''
  #timer: NodeJS.Timeout | undefined
  #hasWarned = false

  /**
   * Counts what was running when the process before died, and begins anew.
   *
   * @throws ZkError ZK_CRASH_JOURNAL_IN_USE, ZK_CRASH_JOURNAL_UNUSABLE
   */
  constructor({ path, clientId, deaths, logger }: CrashJournalOptions) {
    const base = join(resolve(path), fileNameOf(clientId))
    this.marksFile = `${base}.running`
    this.#deathsFile = `${base}.deaths.json`
    this.#logger = logger
    this.#limit = deaths
    try {
      mkdirSync(resolve(path), { recursive: true })
      this.#lock = this.#tolerant(() => ProcessLock.take(`${base}.lock`))
      if (typeof this.#lock !== 'number') {
        this.#loadDeaths()
        this.#countMarks()
        this.#tolerant(() => writeFileSync(this.marksFile, encodeHeader(this.#life)))
      }
    } catch (error) {
      this.#release()
      throw errors.ZK_CRASH_JOURNAL_UNUSABLE(resolve(path), (error as Error).message, { cause: error })
    }
    if (typeof this.#lock === 'number') throw errors.ZK_CRASH_JOURNAL_IN_USE(resolve(path), clientId, this.#lock)
  }

  /** Nothing was running when a process died, or all of it has ended since: as good as always. */
  get isEmpty(): boolean {
    return this.#deaths.size === 0
  }

  /** How many deaths of the process the record was running at. */
  deathsOf(partition: TopicPartition, offset: number): number {
    return this.#deaths.get(nameOf(partition))?.get(offset)?.deaths ?? 0
  }

  /** The record has its final outcome. */
  ended(partition: TopicPartition, offset: number): void {
    const records = this.#deaths.get(nameOf(partition))
    if (records?.delete(offset)) this.#changed(partition, records)
  }

  /** Everything below this offset has ended, wherever that was. */
  committed(partition: TopicPartition, offset: number): void {
    const records = this.#deaths.get(nameOf(partition))
    if (records === undefined) return
    for (const one of [...records.keys()]) if (one < offset) records.delete(one)
    this.#changed(partition, records)
  }

  /** The process goes on or ends in order: nothing runs any more. */
  close(): void {
    clearTimeout(this.#timer)
    this.#careful(() => {
      rmSync(this.marksFile, { force: true })
      if (this.isEmpty) rmSync(this.#deathsFile, { force: true })
      else this.#save()
    })
    this.#release()
  }

  #changed(partition: TopicPartition, records: ReadonlyMap<number, Death>): void {
    if (records.size === 0) this.#deaths.delete(nameOf(partition))
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#careful(() => this.#save())
    }, SAVE_AFTER_MS).unref()
  }

  #loadDeaths(): void {
    let text: string
    try {
      text = readFileSync(this.#deathsFile, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return
    }
    const saved = parseDeaths(text)
    if (saved === undefined) {
      this.#logger.warn(
        { file: this.#deathsFile },
        'The crash journal’s file of deaths is not readable and is begun anew',
      )
      return
    }
    this.#counted = saved.life
    for (const death of saved.deaths) if (Date.now() - death.lastAt < FORGET_AFTER_MS) this.#put(death)
  }

  #countMarks(): void {
    const marks = this.#readMarks()
    if (marks === undefined || marks.life === this.#counted) return
    for (const record of marks.running) {
      this.#put({ ...record, deaths: this.deathsOf(record, record.offset) + 1, lastAt: Date.now() })
    }
    this.#counted = marks.life
    // Before the marks go: whoever dies in between finds their life counted.
    this.#careful(() => this.#save())
    if (marks.running.length === 0) return
    this.#logger.warn(
      { records: marks.running.slice(0, 20).map(placeOf), count: marks.running.length },
      `The process before this one died while it ran ${marks.running.length} records: each of them runs alone now, ` +
        `and is not run again after ${this.#limit} deaths`,
    )
  }

  #readMarks(): { life: string; running: MarkedRecord[] } | undefined {
    const size = statSync(this.marksFile, { throwIfNoEntry: false })?.size
    if (size === undefined) return undefined
    if (size < ENTRY_BYTES) return this.#ignore('is not one')
    let life: string | undefined
    const running: MarkedRecord[] = []
    let garbage = 0
    for (const entry of entriesOf(this.marksFile)) {
      if (life === undefined) {
        life = decodeHeader(entry)
        if (life === undefined) break
        continue
      }
      const record = decodeEntry(entry)
      if (record === 'garbage') garbage++
      else if (record !== undefined) running.push(record)
    }
    if (life === undefined) return this.#ignore('is not one')
    if (garbage > 0) {
      this.#logger.warn(
        { file: this.marksFile, entries: garbage },
        'Entries of the crash journal are torn and are ignored',
      )
    }
    return { life, running }
  }

  #ignore(why: string): undefined {
    this.#logger.warn({ file: this.marksFile }, `The crash journal’s file ${why} and is ignored: it is begun anew`)
  }

  #put(death: Death): void {
    const name = nameOf(death)
    const records = this.#deaths.get(name) ?? new Map<number, Death>()
    this.#deaths.set(name, records.set(death.offset, death))
  }

  #save(): void {
    const deaths = [...this.#deaths.values()].flatMap((records) => [...records.values()])
    const temporary = `${this.#deathsFile}.new`
    writeFileSync(temporary, JSON.stringify({ version: 1, life: this.#counted, deaths }))
    renameSync(temporary, this.#deathsFile)
  }

  #release(): void {
    const lock = this.#lock
    if (lock instanceof ProcessLock) this.#careful(() => lock.release())
  }

  /** While the work runs a journal that cannot be written must not stop it. */
  #careful(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#warn(error)
    }
  }

  /** At the start a wrong path is an error, and a disk that is full is none. */
  #tolerant<T>(step: () => T): T | undefined {
    try {
      return step()
    } catch (error) {
      if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      this.#warn(error)
      return undefined
    }
  }

  #warn(error: unknown): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#logger.warn({ err: error }, 'The crash journal cannot be written; the work goes on')
  }
}

function placeOf({ topic, partition, offset }: MarkedRecord): string {
  return `${topic}[${partition}]@${offset}`
}

/** A client id may hold anything, and be longer than a name of a file. */
function fileNameOf(clientId: string): string {
  const safe = encodeURIComponent(clientId).replace(/\*/g, '%2A')
  return safe.startsWith('.') ? `%2E${safe.slice(1)}` : safe
}

function parseDeaths(text: string): { life: string; deaths: Death[] } | undefined {
  try {
    const { version, life, deaths } = JSON.parse(text)
    const isRight = version === 1 && typeof life === 'string' && Array.isArray(deaths) && deaths.every(isDeath)
    return isRight ? { life, deaths } : undefined
  } catch {
    return undefined
  }
}

function isDeath(value: unknown): value is Death {
  const { topic, partition, offset, deaths, lastAt } = (value ?? {}) as Record<string, unknown>
  return typeof topic === 'string' && [partition, offset, deaths, lastAt].every((one) => typeof one === 'number')
}

/** Entry by entry, header first: with many lanes the file is larger than memory, and hardly anything of it is on the disk. */
function* entriesOf(file: string): Generator<Buffer> {
  const piece = Buffer.alloc(PIECE_BYTES)
  const descriptor = openSync(file, 'r')
  try {
    for (;;) {
      const length = readSync(descriptor, piece, 0, PIECE_BYTES, null)
      if (length === 0) return
      // The last one is as long as what was written of it.
      piece.fill(0, length)
      for (let at = 0; at < length; at += ENTRY_BYTES) yield piece.subarray(at, at + ENTRY_BYTES)
    }
  } finally {
    closeSync(descriptor)
  }
}

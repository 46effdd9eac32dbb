/** What `zk dlt replay` did, or would do: counted by target, and every record that could not be written by its reason. */
import type { FoundLetter } from '../delivery/letter-filter.js'
import type { Replay } from '../delivery/replay-record.js'
import type { ScannedRecord } from '../kafka/topic-scan.js'
import { formatTable, printJson } from './output.js'
import { writeLine } from './stdout.js'

export interface ReplayReportOptions {
  /** The dead letter topic. */
  from: string
  execute: boolean
  json: boolean
}

interface Skipped {
  records: number
  /** The first of them. */
  example: string
}

export class ReplayReport {
  readonly #options: ReplayReportOptions
  #read = 0
  #strangers = 0
  #written = 0
  #again = 0
  #mostOften = 0
  /** Partitions of each topic. */
  readonly #targets = new Map<string, { records: number; partitions: Set<number> }>()
  readonly #skipped = new Map<string, Skipped>()

  constructor(options: ReplayReportOptions) {
    this.#options = options
  }

  get hasSkipped(): boolean {
    return this.#skipped.size > 0
  }

  read(letter: FoundLetter | undefined): void {
    this.#read++
    if (letter === undefined) this.#strangers++
  }

  /** @param place where it is now; not given in a dry run */
  written(
    from: ScannedRecord,
    { record, count }: Replay & { record: object },
    place?: { partition: number; offset: number },
  ): void {
    const { topic } = record
    this.#written++
    if (count > 0) this.#again++
    this.#mostOften = Math.max(this.#mostOften, count)
    const target = this.#targets.get(topic) ?? { records: 0, partitions: new Set() }
    target.records++
    const partition = place?.partition ?? record.partition
    if (partition >= 0) target.partitions.add(partition)
    this.#targets.set(topic, target)
    if (!this.#options.json) return
    const to = { topic, ...(place ?? (record.partition < 0 ? {} : { partition: record.partition })) }
    printJson({ event: place === undefined ? 'would-replay' : 'replayed', from: this.#place(from), to, before: count })
  }

  skipped(record: ScannedRecord, why: string): void {
    const example = `${this.#options.from}[${record.partition}]@${record.offset}`
    const skipped = this.#skipped.get(why) ?? { records: 0, example }
    skipped.records++
    this.#skipped.set(why, skipped)
    if (this.#options.json) printJson({ event: 'skipped', from: this.#place(record), why })
  }

  end(): Record<string, unknown> {
    const skipped = [...this.#skipped.values()].reduce((sum, { records }) => sum + records, 0)
    const { from, execute } = this.#options
    const letters = this.#written + skipped
    return {
      ...{ event: 'end', topic: from, executed: execute, records: this.#read, letters },
      ...{ replayed: execute ? this.#written : 0, skipped, replayedBefore: this.#again, others: this.#strangers },
    }
  }

  print(): void {
    const { from, execute } = this.#options
    const verb = execute ? 'WRITTEN' : 'WOULD WRITE'
    if (this.#written > 0) {
      const rows = [...this.#targets].map(([topic, { records, partitions }]) => [records, topic, shown(partitions)])
      writeLine(formatTable([[verb, 'TO', 'PARTITIONS'], ...rows]))
    }
    for (const [why, { records, example }] of this.#skipped)
      writeLine(`${cannot(records, execute)}: ${why} (${example})`)
    if (this.#again > 0) {
      writeLine(
        `${this.#again} of them had been replayed before, up to ${this.#mostOften} times: look at their cause first.`,
      )
    }
    if (this.#strangers === 1) writeLine(`1 record of ${from} is no dead letter and stays out of it.`)
    if (this.#strangers > 1) writeLine(`${this.#strangers} records of ${from} are no dead letters and stay out of it.`)
    if (this.#written === 0 && this.#skipped.size === 0) {
      writeLine(`No such dead letter among the ${this.#read} records of ${from}.`)
    } else if (!execute) {
      writeLine(`Nothing was written. With --execute it is; the dead letters stay in ${from}.`)
    } else writeLine(`The dead letters stay in ${from}: another replay would write them again.`)
  }

  #place({ partition, offset }: ScannedRecord) {
    return { topic: this.#options.from, partition, offset }
  }
}

function cannot(records: number, execute: boolean): string {
  const subject = records === 1 ? '1 dead letter' : `${records} dead letters`
  return execute ? `${subject} could not be replayed` : `${subject} cannot be replayed`
}

function shown(partitions: ReadonlySet<number>): string {
  if (partitions.size === 0) return 'by the partitioner'
  return [...partitions].sort((a, b) => a - b).join(', ')
}

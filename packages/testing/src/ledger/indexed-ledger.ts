import type {
  AssignedLine,
  CommittedLine,
  CutLine,
  DeadLine,
  EndLine,
  FailedLine,
  LedgerLine,
  LostLine,
  ProducedLine,
  RecordFields,
  RevokedLine,
  StartLine,
} from './lines.js'
import { createProcesses, type ProcessLog, speaks } from './process-log.js'

/** A line and where it stands; the numbers order everything. */
export interface Placed<L> {
  number: number
  line: L
}

/** One call of a handler. */
export interface Delivery {
  start: StartLine
  startedAt: number
  end: EndLine | undefined
  /** Line number of the end; undefined when the handler never got there. */
  endedAt: number | undefined
  record: LedgerRecord
  run: Run
}

/** What is promised to be serial: the records of one key in one partition, or of the whole partition. */
export interface Chain {
  name: string
}

/** A record of the topic with all that the ledger says of it. */
export interface LedgerRecord extends RecordFields {
  /** Undefined when only its deliveries are known: its producer died before it could log the acknowledgement. */
  produced: Placed<ProducedLine> | undefined
  log: PartitionLog
  /** Of its key; a record without a key is in none. */
  chain: Chain | undefined
  /** In the order of their starts. */
  deliveries: Delivery[]
  /** How it was finished without success. */
  outcome: Placed<DeadLine | FailedLine> | undefined
  /** The first successful end, by line number. */
  succeededAt: number | undefined
}

/** The time for which one process owned one partition. */
export interface Run {
  process: ProcessLog
  /** As in the `assigned` line; undefined when the ledger has none and the run was inferred. */
  epoch: number | undefined
  /** Line number of the `assigned` line; undefined when the run was inferred. */
  assignedAt: number | undefined
  partition: PartitionLog
  /** Line number of the first thing known of it. */
  from: number
  /** Line number at which it was given up or found lost. */
  until: number | undefined
  lost: Placed<LostLine> | undefined
  cuts: Placed<CutLine>[]
}

export interface PlacedCommit extends Placed<CommittedLine> {
  run: Run
}

export interface PartitionLog extends Chain {
  topic: string
  partition: number
  records: Map<number, LedgerRecord>
  /** By key. */
  chains: Map<string, Chain>
  runs: Run[]
  commits: PlacedCommit[]
  /** Run of each process that owns it, or owned it last. */
  current: Map<ProcessLog, Run>
}

/** A ledger laid out for the invariants: by partition, record, delivery and process. */
export interface IndexedLedger {
  partitions: PartitionLog[]
  /** In the order of their first lines. */
  processes: ProcessLog[]
  /** In the order of their starts. */
  deliveries: Delivery[]
  records: number
  produced: number
  /** When its last line was written, where any line says so. */
  lastAt: number | undefined
  /** Lines that contradict the form of a ledger itself: [line number, why]. */
  malformed: [number, string][]
}

/** Builds the index one line at a time; lines come in file order. */
export function createIndexer(): { add(line: LedgerLine, number: number): void; finish(): IndexedLedger } {
  const topics = new Map<string, PartitionLog[]>()
  const partitions: PartitionLog[] = []
  const processes = createProcesses()
  const deliveries: Delivery[] = []
  const byId = new Map<string, Delivery>()
  const malformed: [number, string][] = []
  let group: string | undefined
  let records = 0
  let produced = 0
  let lastAt: number | undefined

  function partitionOf(topic: string, partition: number): PartitionLog {
    const list = topics.get(topic) ?? []
    if (list.length === 0) topics.set(topic, list)
    let log = list[partition]
    if (!log) {
      const maps = { records: new Map(), chains: new Map(), current: new Map() }
      log = { name: `${topic}-${partition}`, topic, partition, ...maps, runs: [], commits: [] }
      list[partition] = log
      partitions.push(log)
    }
    return log
  }

  function chainOf(log: PartitionLog, key: string): Chain {
    let chain = log.chains.get(key)
    if (!chain) {
      chain = { name: `key ${key} of ${log.name}` }
      log.chains.set(key, chain)
    }
    return chain
  }

  function recordOf(fields: RecordFields, number: number): LedgerRecord {
    const log = partitionOf(fields.topic, fields.partition)
    let record = log.records.get(fields.offset)
    if (!record) {
      // Written out, not spread: this runs once a record, and a ledger may hold a million.
      record = {
        key: fields.key,
        seq: fields.seq,
        topic: fields.topic,
        partition: fields.partition,
        offset: fields.offset,
        log,
        chain: fields.key === null ? undefined : chainOf(log, fields.key),
        produced: undefined,
        deliveries: [],
        outcome: undefined,
        succeededAt: undefined,
      }
      log.records.set(fields.offset, record)
      records++
    } else if (record.key !== fields.key || record.seq !== fields.seq) {
      const names = [record, fields].map((r) => `key ${r.key} seq ${r.seq}`)
      malformed.push([
        number,
        `calls ${fields.topic}-${fields.partition}@${fields.offset} ${names[1]}, before it was ${names[0]}`,
      ])
    }
    return record
  }

  function beginRun(log: PartitionLog, process: ProcessLog, epoch: number | undefined, number: number): Run {
    const run: Run = {
      ...{ process, epoch, assignedAt: undefined, partition: log, from: number },
      ...{ until: undefined, lost: undefined, cuts: [] },
    }
    log.runs.push(run)
    log.current.set(process, run)
    return run
  }

  /** The run a line belongs to: by its epoch where it has one, else the process's present one. */
  function runOf(log: PartitionLog, process: ProcessLog, epoch: number | undefined, number: number): Run {
    const current = log.current.get(process)
    // An inferred run takes the first epoch that is told of it.
    if (current) current.epoch ??= epoch
    if (current && (epoch === undefined || current.epoch === epoch)) return current
    const older = epoch === undefined ? undefined : log.runs.findLast((r) => r.process === process && r.epoch === epoch)
    return older ?? beginRun(log, process, epoch, number)
  }

  function assigned(line: AssignedLine, number: number): void {
    const process = speaks(processes.present(line.pid, 'assigned'), number)
    process.assignments.push({ number, line })
    for (const { topic, partition } of line.partitions) {
      const log = partitionOf(topic, partition)
      const current = log.current.get(process)
      // A cooperative rebalance may tell again of what the process has kept.
      const kept = current && current.until === undefined && current.epoch === line.epoch
      const run = kept ? current : beginRun(log, process, line.epoch, number)
      run.assignedAt ??= number
    }
  }

  function unassigned(line: RevokedLine | LostLine, number: number): void {
    const process = speaks(processes.present(line.pid), number)
    process.assignments.push({ number, line })
    for (const { topic, partition } of line.partitions) {
      const run = runOf(partitionOf(topic, partition), process, line.epoch, number)
      run.until ??= number
      if (line.type === 'lost') run.lost ??= { number, line }
    }
  }

  function started(line: StartLine, number: number): void {
    if (byId.has(line.id)) {
      malformed.push([number, `starts delivery ${line.id} a second time`])
      return
    }
    const process = speaks(processes.present(line.pid), number, line.thread)
    const record = recordOf(line, number)
    const run = runOf(record.log, process, line.epoch, number)
    const delivery: Delivery = { start: line, startedAt: number, end: undefined, endedAt: undefined, record, run }
    byId.set(line.id, delivery)
    deliveries.push(delivery)
    record.deliveries.push(delivery)
  }

  function ended(line: EndLine, number: number): void {
    const delivery = byId.get(line.id)
    if (!delivery || delivery.end) {
      malformed.push([number, `ends delivery ${line.id}, which ${delivery ? 'has ended before' : 'never started'}`])
      return
    }
    speaks(delivery.run.process, number, delivery.start.thread)
    delivery.end = line
    delivery.endedAt = number
    if (line.ok) delivery.record.succeededAt ??= number
  }

  function committed(line: CommittedLine, number: number): void {
    group ??= line.group
    if (line.group !== group) malformed.push([number, `commits for group ${line.group} in a ledger of group ${group}`])
    // No sign of life: what the broker acknowledged may be read back from it when the process is gone.
    const process = processes.of(line.pid)
    const log = partitionOf(line.topic, line.partition)
    log.commits.push({ number, line, run: runOf(log, process, line.epoch, number) })
  }

  return {
    add(line, number) {
      if ('at' in line) lastAt = line.at ?? lastAt
      switch (line.type) {
        case 'produced':
          recordOf(line, number).produced ??= { number, line }
          produced++
          return
        case 'start':
          return started(line, number)
        case 'end':
          return ended(line, number)
        case 'committed':
          return committed(line, number)
        case 'dead':
        case 'failed':
          recordOf(line, number).outcome ??= { number, line }
          return
        case 'assigned':
          return assigned(line, number)
        case 'revoked':
        case 'lost':
          return unassigned(line, number)
        case 'cut': {
          const process = speaks(processes.present(line.pid), number)
          runOf(partitionOf(line.topic, line.partition), process, undefined, number).cuts.push({ number, line })
          return
        }
        case 'thread-gone':
          speaks(processes.present(line.pid), number).threadsGone.push({ number, line })
          return
        case 'killed':
          processes.of(line.pid).kills.push({ number, line })
          return
        case 'exit':
          processes.present(line.pid).exit = { number, line }
          return
        case 'window':
          speaks(processes.present(line.pid), number).windows.push({ number, line })
          return
        case 'progress':
          speaks(processes.present(line.pid), number).progress.push({ number, line })
          return
        default:
          return assertNever(line)
      }
    },
    finish: () => ({ partitions, processes: processes.all, deliveries, records, produced, lastAt, malformed }),
  }
}

function assertNever(line: never): never {
  throw new TypeError(`no ledger line: ${JSON.stringify(line)}`)
}

import type {
  AssignedLine,
  CommittedLine,
  CutLine,
  EndLine,
  ExitLine,
  KilledLine,
  LedgerLine,
  LostLine,
  ProducedLine,
  ProgressLine,
  RecordFields,
  RevokedLine,
  StartLine,
  ThreadGoneLine,
  WindowLine,
} from './lines.js'

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
  outcome: 'dead' | 'failed' | undefined
  /** The first successful end, by line number. */
  succeededAt: number | undefined
}

/** The time for which one process owned one partition. */
export interface Run {
  pid: number
  /** As in the `assigned` line; undefined when the ledger has none and the run was inferred. */
  epoch: number | undefined
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
  current: Map<number, Run>
}

export interface ProcessLog {
  pid: number
  /** Line numbers of the first and last line in which the process itself speaks. */
  from: number
  lastSaid: number
  kills: Placed<KilledLine>[]
  exit: Placed<ExitLine> | undefined
  threadsGone: Placed<ThreadGoneLine>[]
  windows: Placed<WindowLine>[]
  progress: Placed<ProgressLine>[]
  /** Line numbers at which what it owns changed. */
  assignmentsChangedAt: number[]
}

/** A ledger laid out for the invariants: by partition, record, delivery and process. */
export interface IndexedLedger {
  partitions: PartitionLog[]
  processes: Map<number, ProcessLog>
  /** In the order of their starts. */
  deliveries: Delivery[]
  records: number
  produced: number
  /** Lines that contradict the form of a ledger itself: [line number, why]. */
  malformed: [number, string][]
}

/** Builds the index one line at a time; lines come in file order. */
export function createIndexer(): { add(line: LedgerLine, number: number): void; finish(): IndexedLedger } {
  const topics = new Map<string, PartitionLog[]>()
  const partitions: PartitionLog[] = []
  const processes = new Map<number, ProcessLog>()
  const deliveries: Delivery[] = []
  const byId = new Map<string, Delivery>()
  const malformed: [number, string][] = []
  let group: string | undefined
  let records = 0
  let produced = 0

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

  function processOf(pid: number, number: number): ProcessLog {
    let log = processes.get(pid)
    if (!log) {
      log = {
        ...{ pid, from: number, lastSaid: 0, kills: [], exit: undefined },
        ...{ threadsGone: [], windows: [], progress: [], assignmentsChangedAt: [] },
      }
      processes.set(pid, log)
    }
    return log
  }

  function speaks(pid: number, number: number): ProcessLog {
    const log = processOf(pid, number)
    log.lastSaid = number
    return log
  }

  function beginRun(log: PartitionLog, pid: number, epoch: number | undefined, number: number): Run {
    const run: Run = { pid, epoch, partition: log, from: number, until: undefined, lost: undefined, cuts: [] }
    log.runs.push(run)
    return run
  }

  /** The run a line belongs to: by its epoch where it has one, else the process's present one. */
  function runOf(log: PartitionLog, pid: number, epoch: number | undefined, number: number): Run {
    const current = log.current.get(pid)
    // An inferred run takes the first epoch that is told of it.
    if (current) current.epoch ??= epoch
    if (current && (epoch === undefined || current.epoch === epoch)) return current
    const older = epoch === undefined ? undefined : log.runs.findLast((r) => r.pid === pid && r.epoch === epoch)
    if (older) return older
    const run = beginRun(log, pid, epoch, number)
    log.current.set(pid, run)
    return run
  }

  function assigned(line: AssignedLine, number: number): void {
    speaks(line.pid, number).assignmentsChangedAt.push(number)
    for (const { topic, partition } of line.partitions) {
      const log = partitionOf(topic, partition)
      const current = log.current.get(line.pid)
      // A cooperative rebalance may tell again of what the process has kept.
      if (current && current.until === undefined && current.epoch === line.epoch) continue
      log.current.set(line.pid, beginRun(log, line.pid, line.epoch, number))
    }
  }

  function unassigned(line: RevokedLine | LostLine, number: number): void {
    speaks(line.pid, number).assignmentsChangedAt.push(number)
    for (const { topic, partition } of line.partitions) {
      const run = runOf(partitionOf(topic, partition), line.pid, line.epoch, number)
      run.until ??= number
      if (line.type === 'lost') run.lost ??= { number, line }
    }
  }

  function started(line: StartLine, number: number): void {
    if (byId.has(line.id)) {
      malformed.push([number, `starts delivery ${line.id} a second time`])
      return
    }
    speaks(line.pid, number)
    const record = recordOf(line, number)
    const run = runOf(partitionOf(line.topic, line.partition), line.pid, line.epoch, number)
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
    speaks(delivery.start.pid, number)
    delivery.end = line
    delivery.endedAt = number
    if (line.ok) delivery.record.succeededAt ??= number
  }

  function committed(line: CommittedLine, number: number): void {
    group ??= line.group
    if (line.group !== group) malformed.push([number, `commits for group ${line.group} in a ledger of group ${group}`])
    speaks(line.pid, number)
    const log = partitionOf(line.topic, line.partition)
    log.commits.push({ number, line, run: runOf(log, line.pid, line.epoch, number) })
  }

  return {
    add(line, number) {
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
          recordOf(line, number).outcome = line.type
          return
        case 'assigned':
          return assigned(line, number)
        case 'revoked':
        case 'lost':
          return unassigned(line, number)
        case 'cut':
          speaks(line.pid, number)
          runOf(partitionOf(line.topic, line.partition), line.pid, undefined, number).cuts.push({ number, line })
          return
        case 'thread-gone':
          speaks(line.pid, number).threadsGone.push({ number, line })
          return
        case 'killed':
          processOf(line.pid, number).kills.push({ number, line })
          return
        case 'exit':
          processOf(line.pid, number).exit = { number, line }
          return
        case 'window':
          speaks(line.pid, number).windows.push({ number, line })
          return
        case 'progress':
          speaks(line.pid, number).progress.push({ number, line })
          return
        default:
          return assertNever(line)
      }
    },
    finish: () => ({ partitions, processes, deliveries, records, produced, malformed }),
  }
}

function assertNever(line: never): never {
  throw new TypeError(`no ledger line: ${JSON.stringify(line)}`)
}

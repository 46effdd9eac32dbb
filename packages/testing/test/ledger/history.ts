import type { LedgerLine, RecordFields } from '../../src/ledger/lines.js'

/**
 * A small model of a correct runtime that keeps a ledger: processes with threads own partitions, run handlers one at a
 * time a thread and in order per key, commit what is finished, and die in all the ways that a ledger can tell of. Pids
 * come again.
 * Every history it writes must be accepted.
 */
export interface HistoryPlan {
  partitions: number
  records: number
  keys: number
  threads: number
  /** What happens next, as numbers that are taken modulo whatever there is to choose from. */
  choices: number[]
}

interface Rec extends RecordFields {
  attempts: number
}
interface Running {
  id: string
  rec: Rec
  thread: number
}
interface Owned {
  epoch: number
  /** Not finished in this run, ascending. */
  open: Rec[]
  running: Running[]
  highestStarted: number
}
interface Proc {
  pid: number
  threads: number[]
  owned: Map<number, Owned>
}

const topic = 'orders'
const MAX_ATTEMPTS = 2

export function writeHistory(plan: HistoryPlan): LedgerLine[] {
  const lines: LedgerLine[] = []
  const logs: Rec[][] = Array.from({ length: plan.partitions }, () => [])
  const committed = new Array<number>(plan.partitions).fill(0)
  /** Of each partition: records that its last commit lists as finished above it. */
  const listed = Array.from({ length: plan.partitions }, () => new Set<Rec>())
  const procs: Proc[] = []
  let clock = 1000
  let ids = 0
  let pids = 100
  const freePids: number[] = []
  let threadIds = 0
  let next = 0

  const at = () => {
    clock += 0.5
    return clock
  }
  const choose = (n: number) => (plan.choices[next++] ?? 0) % n
  const pick = <T>(list: readonly T[]): T | undefined => (list.length > 0 ? list[choose(list.length)] : undefined)

  function produce(): void {
    const seqs = new Map<string | null, number>()
    for (let i = 0; i < plan.records; i++) {
      const n = i % (plan.keys + 1)
      const key = n === plan.keys ? null : `k${n}`
      const partition = n % plan.partitions
      const seq = seqs.get(key) ?? 0
      seqs.set(key, seq + 1)
      // Offsets with gaps: compacted and control records.
      const offset = (logs[partition].at(-1)?.offset ?? -1) + 1 + (i % 7 === 3 ? 1 : 0)
      logs[partition].push({ key, seq, topic, partition, offset, attempts: 0 })
    }
  }
  const produced = () => logs.flat().map(({ attempts: _, ...fields }): LedgerLine => ({ type: 'produced', ...fields }))

  function join(pid = ++pids): Proc {
    const proc: Proc = { pid, threads: [], owned: new Map() }
    proc.threads = Array.from({ length: plan.threads }, () => ++threadIds)
    procs.push(proc)
    return proc
  }

  const epochs = new Map<string, number>()
  function assign(proc: Proc, partition: number): void {
    const epoch = (epochs.get(`${proc.pid}/${partition}`) ?? 0) + 1
    epochs.set(`${proc.pid}/${partition}`, epoch)
    const open = logs[partition].filter((r) => r.offset >= committed[partition] && !listed[partition].has(r))
    for (const rec of open) rec.attempts = 0
    proc.owned.set(partition, { epoch, open, running: [], highestStarted: -1 })
    lines.push({ type: 'assigned', pid: proc.pid, epoch, partitions: [{ topic, partition }], at: at() })
  }

  const busy = (proc: Proc, thread: number) =>
    [...proc.owned.values()].some((o) => o.running.some((r) => r.thread === thread))
  const idle = (proc: Proc) => proc.threads.filter((thread) => !busy(proc, thread))

  /** The first open record of each key that has none running, or every idle one without a key. */
  function startable({ open, running }: Owned, upTo = Number.POSITIVE_INFINITY): Rec[] {
    const taken = new Set<string>()
    const result: Rec[] = []
    for (const rec of open) {
      const chain = rec.key ?? `no key ${rec.offset}`
      if (
        !taken.has(chain) &&
        rec.offset <= upTo &&
        !running.some((r) => r.rec === rec || (rec.key !== null && r.rec.key === rec.key))
      ) {
        result.push(rec)
      }
      taken.add(chain)
    }
    return result
  }

  function start(proc: Proc, owned: Owned, rec: Rec): Running | undefined {
    const thread = pick(idle(proc))
    if (thread === undefined) return undefined
    const { attempts: _, ...fields } = rec
    const id = `d${++ids}`
    const { epoch } = owned
    lines.push({ type: 'start', id, ...fields, attempt: ++rec.attempts, thread, pid: proc.pid, epoch, at: at() })
    const running = { id, rec, thread }
    owned.running.push(running)
    owned.highestStarted = Math.max(owned.highestStarted, rec.offset)
    return running
  }

  const finish = (owned: Owned, rec: Rec) => owned.open.splice(owned.open.indexOf(rec), 1)

  function end(owned: Owned, running: Running, ok: boolean): void {
    owned.running.splice(owned.running.indexOf(running), 1)
    lines.push({ type: 'end', id: running.id, ok, at: at() })
    if (ok) finish(owned, running.rec)
    else if (running.rec.attempts >= MAX_ATTEMPTS) {
      const { attempts: _, ...fields } = running.rec
      lines.push({ type: fields.offset % 2 === 0 ? 'dead' : 'failed', ...fields, cause: 'error' })
      finish(owned, running.rec)
    }
  }

  function threadGone(proc: Proc, thread: number): void {
    lines.push({ type: 'thread-gone', pid: proc.pid, thread, at: at() })
    proc.threads[proc.threads.indexOf(thread)] = ++threadIds
    for (const owned of proc.owned.values()) owned.running = owned.running.filter((r) => r.thread !== thread)
  }

  const watermark = (partition: number, owned: Owned) =>
    owned.open[0]?.offset ?? (logs[partition].at(-1)?.offset ?? -1) + 1

  function commit(proc: Proc, partition: number, owned: Owned): void {
    const offset = Math.max(watermark(partition, owned), committed[partition])
    committed[partition] = offset
    const { pid } = proc
    const above = logs[partition].filter((r) => r.offset >= offset && !owned.open.includes(r))
    listed[partition] = new Set(carriesMetadata ? above : [])
    const finished = carriesMetadata ? { finished: rangesOf(above) } : {}
    lines.push({
      type: 'committed',
      group: 'g',
      topic,
      partition,
      offset,
      pid,
      epoch: owned.epoch,
      ...finished,
      at: at(),
    })
  }

  function giveUp(proc: Proc, partition: number, type: 'revoked' | 'lost'): void {
    const { epoch } = proc.owned.get(partition)!
    lines.push({ type, pid: proc.pid, epoch, partitions: [{ topic, partition }], at: at() })
  }

  /** Finishes everything up to the highest record that has started, then what is asked for. */
  function drain(proc: Proc, partition: number, upTo: number): void {
    const owned = proc.owned.get(partition)!
    while (owned.running.length > 0) end(owned, owned.running[0], true)
    for (let rec = startable(owned, upTo)[0]; rec; rec = startable(owned, upTo)[0]) {
      // Threads busy with other partitions end first.
      for (const other of proc.owned.values())
        while (idle(proc).length === 0 && other.running[0]) end(other, other.running[0], true)
      end(owned, start(proc, owned, rec)!, true)
    }
  }

  function revoke(proc: Proc, partition: number): void {
    const owned = proc.owned.get(partition)!
    drain(proc, partition, owned.highestStarted)
    commit(proc, partition, owned)
    giveUp(proc, partition, 'revoked')
    proc.owned.delete(partition)
  }

  function cut(proc: Proc, partition: number): void {
    const owned = proc.owned.get(partition)!
    lines.push({ type: 'cut', pid: proc.pid, topic, partition, offset: watermark(partition, owned), at: at() })
    for (const { thread } of [...owned.running]) threadGone(proc, thread)
    commit(proc, partition, owned)
    giveUp(proc, partition, 'revoked')
    proc.owned.delete(partition)
  }

  function lose(proc: Proc, partition: number): void {
    giveUp(proc, partition, 'lost')
    for (const { thread } of [...proc.owned.get(partition)!.running]) threadGone(proc, thread)
    proc.owned.delete(partition)
  }

  function leave(proc: Proc): void {
    for (const partition of [...proc.owned.keys()]) revoke(proc, partition)
    procs.splice(procs.indexOf(proc), 1)
    lines.push({ type: 'exit', pid: proc.pid, code: 0, expectedCode: 0, openHandles: [], at: at() })
    freePids.push(proc.pid)
  }

  function kill(proc: Proc): void {
    procs.splice(procs.indexOf(proc), 1)
    lines.push({ type: 'killed', pid: proc.pid, signal: 'SIGKILL', at: at() })
    // What a handler was writing when the signal came.
    const running = [...proc.owned.values()].flatMap((o) => o.running)[0]
    if (running && choose(2) === 1) lines.push({ type: 'end', id: running.id, ok: true, at: at() })
    freePids.push(proc.pid)
  }

  function report(proc: Proc): void {
    const messages = [...proc.owned.values()].reduce((n, o) => n + o.running.length, 0)
    const caps = { capMessages: plan.threads, capBytes: plan.threads * 100 }
    lines.push({ type: 'window', pid: proc.pid, messages, bytes: messages * 100, ...caps })
    const lag = [...proc.owned.values()].reduce((n, o) => n + o.open.length, 0)
    const watermarks = [...proc.owned].reduce((n, [p, o]) => n + watermark(p, o), 0)
    lines.push({ type: 'progress', pid: proc.pid, lag, watermarks, at: at() })
  }

  function step(): void {
    const ownedByNobody = logs.map((_, p) => p).filter((p) => !procs.some((proc) => proc.owned.has(p)))
    if (ownedByNobody.length > 0 && choose(3) > 0) {
      assign(pick(procs) ?? join(freePids.pop()), pick(ownedByNobody)!)
      return
    }
    const proc = pick(procs) ?? join()
    const [partition, owned] = pick([...proc.owned]) ?? []
    if (partition === undefined || !owned) {
      report(proc)
      return
    }
    const running = pick(owned.running)
    const happens = choose(20)
    if (happens === 0) kill(proc)
    else if (happens === 1) leave(proc)
    else if (happens === 2) lose(proc, partition)
    else if (happens === 3) revoke(proc, partition)
    else if (happens === 4) cut(proc, partition)
    else if (happens <= 6) commit(proc, partition, owned)
    else if (happens === 7) report(proc)
    else if (happens <= 12 && running) handlerEvent(proc, owned, running, happens)
    else {
      const rec = pick(startable(owned))
      if (rec) start(proc, owned, rec)
    }
  }

  function handlerEvent(proc: Proc, owned: Owned, running: Running, happens: number): void {
    // 8: its end is in the ledger, its mark was not on the board when the thread died: it runs again.
    if (happens === 8) lines.push({ type: 'end', id: running.id, ok: true, at: at() })
    if (happens <= 9) threadGone(proc, running.thread)
    else end(owned, running, happens !== 10)
  }

  produce()
  const carriesMetadata = choose(3) > 0
  const acknowledgedLate = choose(2) === 1
  if (!acknowledgedLate) lines.push(...produced())
  while (next < plan.choices.length) step()
  for (const proc of [...procs]) leave(proc)
  const last = join()
  for (let partition = 0; partition < plan.partitions; partition++) {
    assign(last, partition)
    drain(last, partition, Number.POSITIVE_INFINITY)
    report(last)
  }
  leave(last)
  if (acknowledgedLate) lines.push(...produced())
  return lines
}

/** Flat ranges that hold the records; those that lie side by side are in one. */
function rangesOf(records: readonly Rec[]): number[] {
  const ranges: number[] = []
  for (const { offset } of records) {
    if (ranges.at(-1) === offset) ranges.pop()
    else ranges.push(offset)
    ranges.push(offset + 1)
  }
  return ranges
}

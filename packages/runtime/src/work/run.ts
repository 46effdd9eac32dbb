/**
 * One run of a work: the shell that connects consumer, engine and threads, from start to summary.
 *
 * The engine decides; here its effects are carried out and its events come in. Everything runs on the main thread and no
 * user code does.
 */
import { availableParallelism } from 'node:os'
import {
  ACK_WORDS,
  type Effects,
  Outcome,
  type PartitionSlot,
  type StopReason,
  type TopicPartition,
  WorkEngine,
} from '@zk/engine'
import type { WorkConfig } from '../config/work-config.js'
import { type DescribedError, reviveError } from '../describe-error.js'
import { errors } from '../errors.js'
import { isHopeless } from '../kafka/broker-errors.js'
import { Consumer, type PartitionOffset } from '../kafka/consumer.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { ReadResult } from '../kafka/reader.js'
import type { Logger } from '../log/logger.js'
import { writeLogBatch } from '../log/write-log-batch.js'
import type { ResolvedProcessor } from '../processor-module/resolve-processor.js'
import { packFrame } from '../threads/frame.js'
import { ThreadHost } from '../threads/host.js'
import type { FromThread } from '../threads/protocol.js'
import { ZkError } from '../zk-error.js'
import { CommitBook } from './commit-book.js'
import { previewKey } from './preview-key.js'
import { consumerOptions, engineOptions, hostOptions, type RunContext } from './run-options.js'
import { snapshot, type WorkState } from './state.js'
import { type OpenRecord, openRecords, type RunSummary, summarize } from './summary.js'
import { UntilEnd } from './until-end.js'

/** Period of storing watermarks and of everything that looks at the time. */
const TICK_MS = 100
/** Longest wait for the broker's answer to a commit. */
const COMMIT_TIMEOUT_MS = 5_000
/** Pause before a refused commit is tried again. */
const COMMIT_RETRY_MS = 100
/** How often a thread that is to be replaced is looked at. */
const RETIRE_LOOK_MS = 20
/** What handlers get to end by themselves after an abort. */
const ABORT_GRACE_MS = 1_000

/** How a run is told to end. The first of each kind counts; a later, harder one replaces a softer one. */
type Ending = { type: 'drain' } | { type: 'abort' } | { type: 'fail'; error: Error }

export interface RunSignals {
  /** Ends the run in good order: what has started is finished and committed. */
  shutdown?: AbortSignal | undefined
  /** Ends the run at once: handlers get a second, unfinished records are not committed. */
  signal?: AbortSignal | undefined
}

/** What happens to a run, for whoever watches it. Handlers of it run on the main thread and must be quick. */
export type WorkEvent =
  /** Also for an empty assignment. */
  | { type: 'assigned'; partitions: readonly (TopicPartition & { epoch: number })[] }
  /** `complete`: every handler that had started ended before the drain deadline. */
  | { type: 'revoked'; partitions: readonly TopicPartition[]; complete: boolean }
  /** The group gave them to others before they could be drained. */
  | { type: 'lost'; partitions: readonly TopicPartition[] }
  /** The broker acknowledged a commit. */
  | { type: 'committed'; offsets: readonly PartitionOffset[] }
  | { type: 'thread-gone'; thread: number; cause: string | undefined }
  | { type: 'thread-up'; thread: number }

export class WorkRun {
  readonly #config: WorkConfig
  readonly #logger: Logger
  readonly #engine: WorkEngine<PackedBatch>
  readonly #host: ThreadHost
  readonly #consumer: Consumer
  readonly #commits = new CommitBook()
  readonly #untilEnd: UntilEnd | undefined
  readonly #emit: (event: WorkEvent) => void
  /** Records ended by each thread. */
  readonly #processedBy: Float64Array
  /** Errors of the failed deliveries in the acks that are being handed to the engine. */
  readonly #failures = new Map<number, DescribedError>()
  readonly #drains = new Map<readonly PartitionSlot[], (complete: boolean) => void>()
  #toStore: PartitionOffset[] = []
  #requested = false
  #phase: WorkState['phase'] = 'starting'
  #ending: Ending | undefined
  #onEnding: (() => void) | undefined
  /** The last commit of the run failed: what it would have covered is repeated. */
  #commitFailure: Error | undefined
  readonly #processEnds: boolean
  /** Some thread could not be ended: waiting once more would only take longer. */
  #unstoppable = false

  constructor(context: RunContext, processor: ResolvedProcessor, emit: (event: WorkEvent) => void) {
    const { config, logger } = context
    this.#config = config
    this.#logger = logger
    this.#processEnds = context.processEnds
    this.#emit = emit
    this.#processedBy = new Float64Array(config.speedup)
    this.#engine = new WorkEngine(engineOptions(config), this.#effects())
    this.#host = new ThreadHost(hostOptions(context, processor, this.#engine.inFlight.capacity), {
      message: (index, message) => this.#guard(() => this.#onThreadMessage(index, message)),
      up: (index) => this.#guard(() => this.#onThreadUp(index)),
      gone: (index, cause, how) => this.#guard(() => this.#onThreadGone(index, cause, how)),
      lost: (error) => this.#end({ type: 'fail', error }),
    })
    this.#consumer = new Consumer(consumerOptions(context), {
      read: (result) => this.#guard(() => this.#onRead(result)),
      assigned: (partitions) => this.#assigned(partitions),
      revoked: (partitions, how) => this.#revoked(partitions, how),
      committed: (offsets) => this.#onCommitted(offsets),
      failed: (error) => this.#end({ type: 'fail', error }),
    })
    this.#untilEnd = context.untilEnd ? new UntilEnd((partitions) => this.#consumer.committed(partitions)) : undefined
  }

  /**
   * @returns the summary, once everything is closed
   * @throws ZkError when the work could not start or had to stop
   */
  async run({ shutdown, signal }: RunSignals): Promise<RunSummary> {
    const onShutdown = () => this.#end({ type: 'drain' })
    const onSignal = () => this.#end({ type: 'abort' })
    listen(shutdown, onShutdown)
    listen(signal, onSignal)
    const tick = setInterval(() => this.#guard(() => this.#tick()), TICK_MS)
    try {
      const started = this.#start()
      // A start that was overtaken by its end fails because of it.
      started.catch(() => {})
      await Promise.race([started, this.#ended(() => this.#ending !== undefined)])
      await this.#ended(() => this.#ending !== undefined)
      return await this.#finish()
    } finally {
      shutdown?.removeEventListener('abort', onShutdown)
      signal?.removeEventListener('abort', onSignal)
      await this.#close()
      clearInterval(tick)
    }
  }

  state(): WorkState {
    return snapshot({
      phase: this.#phase,
      engine: this.#engine,
      host: this.#host,
      consumer: this.#consumer,
      commits: this.#commits,
      processedBy: this.#processedBy,
    })
  }

  /** Replaces every thread by one that runs this module; the consumer and its assignment stay. */
  async reload(processor: ResolvedProcessor): Promise<void> {
    await this.#host.reload(processor, (thread) => this.#retire(thread))
  }

  /** Sends the thread nothing more and waits, as long as a drain may take, until it holds nothing. */
  async #retire(thread: number): Promise<void> {
    this.#engine.retire(thread)
    const deadline = performance.now() + this.#config.drainTimeoutMs
    while (this.#engine.heldBy(thread) > 0 && performance.now() < deadline && this.#ending === undefined) {
      await new Promise((resolve) => setTimeout(resolve, RETIRE_LOOK_MS))
    }
  }

  // ── start and end ──────────────────────────────────────────────────────────────────────────────────────────────

  async #start(): Promise<void> {
    const { topics, waitForTopics, speedup, speedupReason } = this.#config
    this.#logger.info({ topics, speedup }, `Starting ${speedup} threads: ${speedupReason}`)
    if (speedup > 2 * availableParallelism()) {
      this.#logger.warn(
        { speedup },
        'More than two threads a CPU gain nothing: for handlers that wait, raise concurrency',
      )
    }
    const starting = [this.#host.start(), this.#consumer.connect()]
    const failed = (await Promise.allSettled(starting)).find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    if (this.#ending !== undefined) return
    const named = topics.filter((topic) => !topic.startsWith('^'))
    if (!waitForTopics) await this.#consumer.requireTopics(named)
    this.#untilEnd?.begin(await this.#consumer.ends(topics))
    if (this.#ending !== undefined) return
    this.#consumer.subscribe(topics)
    this.#phase = 'running'
    this.#want()
  }

  async #finish(): Promise<RunSummary> {
    const { shutdownTimeoutMs, graceMs } = this.#config
    const deadline = performance.now() + shutdownTimeoutMs
    this.#phase = 'draining'
    this.#consumer.handOver()
    let complete = this.#ending!.type === 'drain' && (await this.#drainAll(shutdownTimeoutMs))
    let late: OpenRecord[] = []
    if (!complete) {
      const aborted = this.#ending!.type !== 'drain'
      this.#engine.halt(this.#slots())
      if (!aborted) late = openRecords(this.#engine)
      this.#host.abort(this.#slots(), aborted ? 'aborted' : 'shutdown')
      complete = await this.#drainAll(aborted ? ABORT_GRACE_MS : graceMs)
      this.#engine.harvest()
    }
    // A commit waits behind a JoinGroup that is under way, which lasts as long as the slowest member drains.
    const drained = this.#ending!.type === 'drain'
    if (!isBeyondCommit(this.#ending!))
      await this.#commitAll(drained ? Math.max(COMMIT_TIMEOUT_MS, deadline - performance.now()) : COMMIT_TIMEOUT_MS)
    if (this.#ending!.type === 'fail') throw this.#ending!.error
    if (this.#ending!.type === 'drain' && this.#commitFailure !== undefined) {
      await this.#stopThreads(complete)
      throw this.#commitFailure
    }
    const blocked = late.filter((open) => !open.isFinished()).map(({ record }) => record)
    const reason = this.#ending!.type === 'abort' ? 'aborted' : blocked.length > 0 ? 'deadline' : 'drained'
    await this.#stopThreads(complete)
    return summarize(reason, this.#engine.counters, this.#commits.covered, blocked)
  }

  async #drainAll(timeoutMs: number): Promise<boolean> {
    const harder = this.#ending
    return Promise.race([
      this.#drain(this.#slots(), timeoutMs),
      this.#ended(() => this.#ending !== harder).then(() => false),
    ])
  }

  async #commitAll(timeoutMs: number): Promise<void> {
    this.#engine.storeWatermarks()
    this.#flushStores()
    const harder = this.#ending
    this.#commitFailure = await Promise.race([
      this.#commit(this.#slots(), timeoutMs),
      this.#ended(() => this.#ending !== harder).then(() => undefined),
    ])
  }

  async #stopThreads(graceful: boolean): Promise<void> {
    try {
      for (const error of await this.#host.stop({ graceful })) {
        this.#logger.warn({ err: error }, 'teardown() of the processor failed')
      }
    } catch (error) {
      this.#unstoppable = true
      throw error
    }
  }

  async #close(): Promise<void> {
    this.#phase = 'stopped'
    // A revoke that still drains must not hold up the end: its deadline is now.
    for (const [slots, resolve] of this.#drains) {
      this.#drains.delete(slots)
      resolve(false)
    }
    await this.#consumer.close({ abandon: this.#processEnds && this.#commitFailure !== undefined })
    if (!this.#unstoppable) await this.#stopThreads(false)
  }

  #end(ending: Ending): void {
    const rank = { drain: 0, abort: 1, fail: 2 } as const
    if (this.#ending !== undefined && rank[ending.type] <= rank[this.#ending.type]) return
    this.#ending = ending
    this.#onEnding?.()
  }

  /** A fault of ours must end the work with its cause, and not the process without one. */
  #guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#end({ type: 'fail', error: errors.ZK_INTERNAL('The work failed', { cause: error }) })
    }
  }

  async #ended(check: () => boolean): Promise<void> {
    while (!check()) {
      await new Promise<void>((resolve) => {
        this.#onEnding = resolve
      })
    }
  }

  // ── consumer ───────────────────────────────────────────────────────────────────────────────────────────────────

  #onRead({ batch, ends }: ReadResult): void {
    if (batch !== undefined) {
      this.#requested = false
      this.#engine.records(batch)
    }
    for (const { slot, offset } of ends) this.#engine.reachedEnd(slot, offset)
    this.#want()
  }

  /** Asks for the next read when none is under way and there is room. */
  #want(): void {
    if (this.#requested || this.#phase !== 'running') return
    const { records, bytes } = this.#engine.demand()
    if (records === 0) return
    this.#requested = true
    this.#consumer.request(records, bytes)
  }

  /** @returns undefined when the run is ending and takes nothing more */
  #assigned(partitions: readonly TopicPartition[]): PartitionSlot[] | undefined {
    if (this.#ending !== undefined) return undefined
    const slots = this.#engine.assigned(partitions)
    for (const [i, slot] of slots.entries()) this.#host.announce(slot, partitions[i]!)
    if (partitions.length > 0) this.#logger.info({ partitions: describe(partitions) }, 'Partitions assigned')
    const epochOf = (slot: PartitionSlot) => this.#engine.assignments.at(slot)!.epoch
    this.#emit({ type: 'assigned', partitions: partitions.map((name, i) => ({ ...name, epoch: epochOf(slots[i]!) })) })
    return slots
  }

  async #revoked(partitions: readonly TopicPartition[], { lost }: { lost: boolean }): Promise<void> {
    const slots = partitions
      .map((partition) => this.#engine.assignments.slotOf(partition))
      .filter((slot) => this.#engine.assignments.at(slot) !== undefined)
    if (lost) {
      // Others own them already: storing or committing now could only move their offsets back.
      this.#logger.warn(
        { partitions: describe(partitions) },
        'The assignment was lost; unfinished records run elsewhere',
      )
      this.#host.abort(slots, 'revoked')
      this.#emit({ type: 'lost', partitions })
    } else {
      const complete = await this.#drain(slots, this.#config.drainTimeoutMs)
      if (!complete) {
        this.#engine.halt(slots)
        this.#host.abort(slots, 'revoked')
      }
      this.#engine.storeWatermarks()
      this.#flushStores()
      await this.#commit(slots, COMMIT_TIMEOUT_MS)
      if (partitions.length > 0) this.#logger.info({ partitions: describe(partitions), complete }, 'Partitions revoked')
      this.#emit({ type: 'revoked', partitions, complete })
    }
    this.#engine.gone(slots)
    this.#want()
  }

  #drain(slots: readonly PartitionSlot[], timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#drains.set(slots, resolve)
      this.#engine.drain(slots, performance.now() + timeoutMs)
    })
  }

  /**
   * Commits what these partitions, as far as they are still ours, have stored and not committed.
   * @returns why it failed, when it did
   */
  async #commit(slots: readonly PartitionSlot[], timeoutMs: number): Promise<Error | undefined> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const offsets = this.#uncommitted(slots)
      if (offsets.length === 0) return undefined
      try {
        await this.#consumer.commit(offsets, Math.max(1, deadline - performance.now()))
        return undefined
      } catch (error) {
        if (isHopeless(error) || performance.now() + COMMIT_RETRY_MS >= deadline) {
          this.#logger.error(
            { err: error },
            'The last commit failed: records finished since the one before are repeated',
          )
          return error as Error
        }
        // Refused because a rebalance was under way: with its end we have the generation that the broker wants.
        await new Promise((resolve) => setTimeout(resolve, COMMIT_RETRY_MS))
      }
    }
  }

  #uncommitted(slots: readonly PartitionSlot[]): PartitionOffset[] {
    return slots.flatMap((slot) => {
      const assignment = this.#engine.assignments.at(slot)
      const offset = assignment?.stored
      if (assignment === undefined || offset === undefined || this.#commits.has(assignment, offset)) return []
      return [{ topic: assignment.topic, partition: assignment.partition, offset }]
    })
  }

  #onCommitted(offsets: readonly PartitionOffset[]): void {
    const news = offsets.filter(({ topic, partition, offset }) => {
      const slot = this.#engine.assignments.slotOf({ topic, partition })
      const isNew = this.#commits.committed(slot) !== offset
      this.#commits.acknowledged(slot, offset)
      return isNew
    })
    if (news.length > 0) this.#emit({ type: 'committed', offsets: news })
  }

  #slots(): PartitionSlot[] {
    return [...this.#engine.assignments].map(({ slot }) => slot)
  }

  // ── threads ────────────────────────────────────────────────────────────────────────────────────────────────────

  #onThreadMessage(index: number, message: FromThread): void {
    if (message.type === 'log') {
      writeLogBatch(this.#logger, message.batch)
      return
    }
    for (const { ticket, error } of message.failures) this.#failures.set(ticket, error)
    const acks = new Int32Array(message.acks)
    const count = acks.length / ACK_WORDS
    for (let at = 2; at < acks.length; at += ACK_WORDS) {
      if (acks[at] !== Outcome.discarded) this.#processedBy[index]!++
    }
    this.#engine.acks(index, acks, count)
    this.#failures.clear()
    this.#want()
  }

  #onThreadUp(index: number): void {
    this.#emit({ type: 'thread-up', thread: index })
    this.#engine.threadUp(index)
    this.#want()
  }

  #onThreadGone(index: number, cause: Error | undefined, { planned }: { planned: boolean }): void {
    if (!planned) {
      this.#logger.error({ err: cause, thread: index }, 'A thread died; what it had goes to its successor, in order')
    }
    this.#emit({ type: 'thread-gone', thread: index, cause: cause?.message })
    this.#engine.threadGone(index, { planned })
  }

  // ── engine ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #tick(): void {
    this.#engine.tick(performance.now())
    this.#flushStores()
    this.#want()
    if (this.#untilEnd?.reached(this.#engine.assignments, performance.now())) this.#end({ type: 'drain' })
  }

  #flushStores(): void {
    const offsets = this.#toStore
    if (offsets.length === 0) return
    this.#toStore = []
    try {
      this.#consumer.store(offsets)
    } catch (error) {
      // Only possible when none of them is ours any more; the commit on revoke has covered them.
      this.#logger.debug({ err: error }, 'Offsets were not stored')
    }
  }

  #effects(): Effects {
    const boards = () => this.#host.boards
    return {
      dispatch: (thread, tickets, count) => {
        const table = this.#engine.inFlight
        const board = boards()[thread]!
        for (let i = 0; i < count; i++) board.queue(tickets[i]!, table.sequence[tickets[i]!]!)
        this.#host.send(thread, packFrame(table, tickets, count))
      },
      deliveryState: (thread, ticket, sequence) => boards()[thread]!.deliveryState(ticket, sequence),
      hold: (held) => {
        for (const board of boards()) board.hold(held)
      },
      cut: (slot, epoch, aboveOffset) => {
        for (const board of boards()) board.cut(slot, epoch, aboveOffset)
      },
      pause: (slot) => this.#consumer.setPaused(slot, true),
      resume: (slot) => this.#consumer.setPaused(slot, false),
      store: (slot, offset) => {
        const assignment = this.#engine.assignments.at(slot)!
        this.#commits.stored(assignment, offset)
        this.#toStore.push({ topic: assignment.topic, partition: assignment.partition, offset })
      },
      drained: (slots, complete) => {
        this.#drains.get(slots)?.(complete)
        this.#drains.delete(slots)
      },
      failed: (ticket) => this.#onFailed(ticket),
      stop: (reason) => this.#end({ type: 'fail', error: this.#stopError(reason) }),
    }
  }

  #onFailed(ticket: number): void {
    const { slot, offset, thread, batch, index, attempt } = this.#engine.inFlight
    const failure = this.#failures.get(ticket)
    const { topic, partition } = this.#engine.assignments.nameOf(slot[ticket]!)
    this.#logger.error(
      {
        err: failure === undefined ? undefined : reviveError(failure),
        topic,
        partition,
        offset: offset[ticket],
        key: previewKey(batch[ticket]!, index[ticket]!),
        thread: thread[ticket],
        attempt: attempt[ticket],
      },
      this.#config.onExhausted === 'complete'
        ? 'The handler failed; the record is completed all the same (onExhausted: complete)'
        : 'The handler failed; the work stops (onExhausted: stop)',
    )
  }

  #stopError(reason: StopReason): Error {
    if (reason.type === 'record-failed') {
      const { topic, partition } = this.#engine.assignments.nameOf(reason.slot)
      const failure = [...this.#failures.values()][0]
      return errors.ZK_RECORD_FAILED(topic, partition, reason.offset, 1, failure?.message ?? 'its thread died')
    }
    const ran = reason.running.map(({ slot, offset }) => {
      const { topic, partition } = this.#engine.assignments.nameOf(slot)
      return `${topic}[${partition}]@${offset}`
    })
    const why = ran.length === 0 ? 'nothing was running in it' : `it ran ${ran.join(', ')}`
    return errors.ZK_THREAD_CRASH_LOOP(reason.thread, reason.deaths, why)
  }
}

/** Fenced, or the client is broken: a commit would only be refused. */
function isBeyondCommit(ending: Ending): boolean {
  return (
    ending.type === 'fail' && ZkError.is(ending.error) && ['ZK_FENCED', 'ZK_BROKER_FATAL'].includes(ending.error.code)
  )
}

function listen(signal: AbortSignal | undefined, on: () => void): void {
  if (signal?.aborted) on()
  else signal?.addEventListener('abort', on, { once: true })
}

/** `orders[0,1,2]`, for logs. */
function describe(partitions: readonly TopicPartition[]): string {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of partitions) byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition])
  return [...byTopic].map(([topic, numbers]) => `${topic}[${numbers.sort((a, b) => a - b).join(',')}]`).join(' ')
}

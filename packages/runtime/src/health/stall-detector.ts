/**
 * Notices partitions that stand still: ours, with something left to do, and a watermark that has not moved for
 * `stallAfterMs`. Each stall is logged once with its cause, and once more when the partition moves on.
 *
 * A partition whose reading is paused because too much lies above an unfinished record is no exception: that record is
 * what it waits for. One whose next record is not due yet waits by design, and its time begins when that is due. Of a
 * partition that stands where a broker has said "this is the end" although more lies behind it, the broker is asked:
 * records of an open transaction cannot be read yet, and are no reason to wait.
 */
import type { PartitionAssignment, PartitionSlot, TopicPartition } from '@zk/engine'
import type { Logger } from '../log/logger.js'
import { previewKey } from '../work/preview-key.js'
import { describeStall, type Stall } from './stall.js'
import { type CauseSources, causeOf, headOf, type Now, notDue, sinceMs } from './stall-cause.js'

const LOOK_MS = 1_000
const SOONEST_LOOK_MS = 100
/** Partitions whose cause is looked for at one look: each search goes through all that is in flight. */
const CAUSES_A_LOOK = 32

export interface StallDetectorOptions {
  sources: CauseSources
  stallAfterMs: number
  logger: Logger
  /** The partition's end as the last fetch saw it. */
  highWatermark(partition: TopicPartition): number | undefined
  /** Asks the broker for the end of what can be read of the partition. */
  readableEnd(partition: TopicPartition): Promise<number | undefined>
}

/** What is remembered of a partition from look to look. */
interface Watch {
  readonly epoch: number
  watermark: number | undefined
  /** When it was last seen to move, or to have nothing to do. */
  movedAt: number
  drainingFrom: number | undefined
  /** When the broker was asked for its end. */
  askedAt: number | undefined
  /** Since when the broker has said that there is more to read. */
  moreSince: number | undefined
  stall: Stall | undefined
}

export class StallDetector {
  readonly #options: StallDetectorOptions
  readonly #lookMs: number
  #watches = new Map<PartitionSlot, Watch>()
  /** Where the broker has said, in this epoch, that a partition ends. */
  readonly #ends = new Map<PartitionSlot, { epoch: number | undefined; offset: number }>()
  readonly #counts = new Map<Stall['cause']['type'], number>()
  #lookedAt: number | undefined
  /** Partitions that wait by design, as of this look. */
  #notDue: ReadonlySet<PartitionSlot> = new Set()
  /** Causes that this look may still search for. */
  #causesLeft = 0
  /** Where the next look begins, so that each of many partitions that stand gets its turn. */
  #turn = 0

  constructor(options: StallDetectorOptions) {
    this.#options = options
    this.#lookMs = Math.max(SOONEST_LOOK_MS, Math.min(LOOK_MS, options.stallAfterMs / 4))
  }

  /** Partitions that stand still now. */
  get stalls(): Stall[] {
    return [...this.#watches.values()].flatMap(({ stall }) => (stall === undefined ? [] : [stall]))
  }

  /** Stalls since the run began, by the cause that was logged. */
  get counts(): ReadonlyMap<Stall['cause']['type'], number> {
    return this.#counts
  }

  /** For how long the partition has stood with something left to do, in milliseconds. */
  stoodMs(slot: PartitionSlot, now: number): number {
    const watch = this.#watches.get(slot)
    return watch === undefined ? 0 : Math.max(0, now - watch.movedAt)
  }

  reachedEnd(slot: PartitionSlot, offset: number): void {
    this.#ends.set(slot, { epoch: this.#options.sources.engine.assignments.at(slot)?.epoch, offset })
  }

  /** Nothing is watched any more. */
  forget(): void {
    this.#watches.clear()
  }

  /** Call it often: it looks once a second, and sooner for a small `stallAfterMs`. */
  tick(now: Now): void {
    if (this.#lookedAt !== undefined && now.ms - this.#lookedAt < this.#lookMs) return
    this.#forgetFrozen(now.ms)
    this.#lookedAt = now.ms
    const watches = new Map<PartitionSlot, Watch>()
    this.#causesLeft = CAUSES_A_LOOK
    this.#notDue = notDue(this.#options.sources.engine)
    const all = [...this.#options.sources.engine.assignments]
    this.#turn = all.length === 0 ? 0 : (this.#turn + CAUSES_A_LOOK) % all.length
    for (const assignment of [...all.slice(this.#turn), ...all.slice(0, this.#turn)]) {
      const before = this.#watches.get(assignment.slot)
      const watch = before?.epoch === assignment.epoch ? before : freshWatch(assignment, now.ms)
      watches.set(assignment.slot, watch)
      this.#look(assignment, watch, now)
    }
    this.#watches = watches
  }

  /** While the process was frozen nothing could move: that time does not count. */
  #forgetFrozen(now: number): void {
    const late = this.#lookedAt === undefined ? 0 : now - this.#lookedAt - this.#lookMs
    if (late <= Math.max(this.#lookMs, LOOK_MS)) return
    for (const watch of this.#watches.values()) watch.movedAt += late
  }

  #look(assignment: PartitionAssignment, watch: Watch, now: Now): void {
    const { watermark } = assignment.tracker
    if (assignment.state === 'draining') watch.drainingFrom ??= now.ms
    const lag = this.#lagOf(assignment)
    if (watermark !== watch.watermark || lag === 0 || this.#notDue.has(assignment.slot)) {
      this.#movedOn(assignment, watch, now.ms)
      Object.assign(watch, { watermark, movedAt: now.ms, askedAt: undefined, moreSince: undefined })
      return
    }
    if (now.ms - watch.movedAt < this.#options.stallAfterMs) return
    if (this.#causesLeft === 0) return
    this.#causesLeft--
    const { sources } = this.#options
    const head = headOf(sources.engine, assignment)
    const cause = causeOf(sources, assignment, head, now, watch.drainingFrom ?? watch.movedAt)
    if (cause === undefined) return
    if (cause.type === 'broker-silent' && this.#isAtEnd(assignment) && !this.#hasMore(assignment, watch, now.ms)) return
    const { inFlight } = sources.engine
    const isNew = watch.stall === undefined
    watch.stall = {
      topic: assignment.topic,
      partition: assignment.partition,
      ...sinceMs(now, watch.movedAt),
      watermark,
      lag,
      key: head === undefined ? undefined : previewKey(inFlight.batch[head]!, inFlight.index[head]!),
      cause,
    }
    if (isNew) this.#report(watch.stall)
  }

  #report(stall: Stall): void {
    const { type } = stall.cause
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1)
    this.#options.logger.warn({ ...stall }, describeStall(stall))
  }

  #movedOn({ topic, partition, tracker }: PartitionAssignment, watch: Watch, now: number): void {
    if (watch.stall === undefined) return
    const { watermark, cause } = watch.stall
    const forMs = Math.round(now - watch.movedAt)
    watch.stall = undefined
    const fields = { topic, partition, watermark: tracker.watermark, stoodAt: watermark, cause: cause.type, forMs }
    this.#options.logger.info(fields, `${topic}[${partition}] moves on after ${forMs} ms`)
  }

  /** Undefined while the end, or where reading began, is not known. */
  #lagOf(assignment: PartitionAssignment): number | undefined {
    // Before the first record: where reading should begin.
    const watermark = assignment.tracker.watermark ?? assignment.committed
    if (watermark === undefined) return undefined
    const high = this.#options.highWatermark(assignment)
    if (high !== undefined) return Math.max(0, high - watermark)
    // At the end, as far as anybody has told.
    return this.#isAtEnd(assignment) ? 0 : undefined
  }

  /** Whether the broker has had more to read for `stallAfterMs`: what has become readable just now is still on its way. */
  #hasMore(assignment: PartitionAssignment, watch: Watch, now: number): boolean {
    const { stallAfterMs } = this.#options
    const { moreSince, askedAt } = watch
    if (moreSince === undefined && (askedAt === undefined || now - askedAt >= stallAfterMs)) {
      watch.askedAt = now
      void this.#ask(assignment, watch, now)
    }
    return moreSince !== undefined && now - moreSince >= stallAfterMs
  }

  async #ask({ topic, partition }: PartitionAssignment, watch: Watch, now: number): Promise<void> {
    // Without an answer it is asked again later; a broker that cannot be reached is told of by others.
    const end = await this.#options.readableEnd({ topic, partition }).catch(() => undefined)
    // As it stands by now.
    const { watermark } = watch
    if (end !== undefined && watermark !== undefined && end > watermark) watch.moreSince = now
  }

  #isAtEnd({ slot, epoch, tracker }: PartitionAssignment): boolean {
    const end = this.#ends.get(slot)
    return end?.epoch === epoch && end.offset === tracker.watermark
  }
}

function freshWatch({ epoch, tracker }: PartitionAssignment, now: number): Watch {
  return {
    epoch,
    watermark: tracker.watermark,
    movedAt: now,
    drainingFrom: undefined,
    askedAt: undefined,
    moreSince: undefined,
    stall: undefined,
  }
}

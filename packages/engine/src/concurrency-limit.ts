/**
 * How many handlers a thread may have in progress at once, found by trying: for handlers that wait.
 *
 * The method is hill climbing, as PCC does it for the rate of a connection (Dong et al., NSDI 2015 and 2018) and .NET for the
 * size of its thread pool: change the limit, look what came of it, keep what pays, and take larger steps as long as it does.
 * Gradient limiters (TCP Vegas and what is made of it) compare with the shortest time ever measured instead. That is wrong
 * for good once what the handlers wait for has become slower, and wrong at once where some messages take longer than others.
 *
 * What pays is Kleinrock's power, throughput² ÷ time in the handler (Giessler et al., 1978): a limit that is 1 % higher has
 * to bring more than 1/3 % of throughput. Where handlers do not wait for each other it brings 1 %, and where they only do,
 * nothing. By Little's law the throughput of lanes that are never empty is their number ÷ the handlers' mean time, so that
 * times are all that is measured, and it does not matter that handlers which began together end together. An attempt that
 * failed has cost its time and brought nothing.
 *
 * While a thread's event loop is busy the limit never rises, and falls if that costs nothing: a handler more would wait for
 * the loop. Nor is anything decided while lanes stand empty: the limit is not what holds the records up then.
 */

/** A decision takes as many ends: enough for a mean, and at least two of each lane. */
const MIN_ENDS = 8
const ENDS_PER_LANE = 2
/** A busier event loop has no time for a handler more. */
export const MAX_BUSY = 0.9
/** The first step of a trial; it doubles with each that pays, up to `MAX_STEP`. The first trials of all begin with that. */
const STEP = 0.25
const MAX_STEP = 1
/** Decisions between two trials: twice as many after each that did not pay. */
const MIN_REST = 2
const MAX_REST = 16
/** A success that takes so many times as long, or as short, as before: everything is tried anew, and at once. */
const CHANGED = 1.5
/** A lane is in use when nearly each end is followed by a start, and handlers fill most of its time. */
const FOLLOWED = 0.9
const OCCUPIED = 0.6
/** Of the newest measurement in the mean of those at rest. */
const NEWEST_WEIGHT = 0.3

/** Of one thread, since it began. */
export interface LaneTotals {
  /** Attempts that ended, and how many of them succeeded. */
  readonly ended: number
  readonly succeeded: number
  /** How long those took in all, in milliseconds. */
  readonly spentMs: number
  /** After how many of them a record stood ready for the lane. */
  readonly followed: number
  /** How long the event loop was busy and idle, in milliseconds. */
  readonly activeMs: number
  readonly idleMs: number
}

export interface LimitDecision {
  readonly from: number
  readonly to: number
  /** Nothing is tried for a while: this is the limit. */
  readonly resting: boolean
  /** At rest: why it came to rest. */
  readonly why: LimitReason
  /** Mean time in the handler, in milliseconds. */
  readonly handlerMs: number
  /** Share of the time in which the busiest event loop of a thread in use was busy, 0 to 1. */
  readonly busy: number
}

export type LimitReason =
  /** A higher limit is tried, or the one that was tried pays. */
  | 'more'
  /** The same of a lower one. */
  | 'fewer'
  /** The higher one that was tried did not pay. */
  | 'more-gains-nothing'
  /** The lower one that was tried lost throughput. */
  | 'fewer-lose'
  | 'loop-busy'
  | 'at-maximum'
  /** Lanes stand empty at a limit that was tried. */
  | 'unused'

interface Window {
  readonly since: number
  readonly at: LaneTotals
}

interface Measured {
  /** Throughput of a lane that is never empty: successes a millisecond. */
  readonly rate: number
  readonly handlerMs: number
  readonly busy: number
}

interface Verdict {
  readonly why: LimitReason
  readonly resting: boolean
}

export class ConcurrencyLimit {
  readonly #max: number
  #current = 1
  /** The limit that paid last, and what was measured with it; nothing before the first measurement. */
  #kept = 1
  #keptRate = 0
  #keptMs = 0
  #measured = false
  #step = MAX_STEP
  #rest = 0
  #patience = MIN_REST
  /** Which way the next trial at rest goes: up and down by turns. */
  #nextUp = true
  /** Why it is at rest. */
  #why: LimitReason = 'unused'
  /** By thread: when the limit changed. What ends then began under another limit. */
  readonly #changes: (LaneTotals | undefined)[] = []
  /** By thread: what is measured. */
  readonly #windows: (Window | undefined)[] = []

  /** @param max above which it never rises, at least 1. It starts at 1. */
  constructor(max: number) {
    this.#max = max
  }

  get current(): number {
    return this.#current
  }

  /**
   * Call it every 100 milliseconds or so.
   *
   * @param now monotonic, in milliseconds
   * @param threads by index; undefined where there is none. One that replaced another begins with zeros.
   * @returns what was decided; undefined while there is too little to decide by: fewer than eight ends of handlers, or two of
   * each lane, behind as many that the last change has mixed
   */
  look(now: number, threads: readonly (LaneTotals | undefined)[]): LimitDecision | undefined {
    let ends = 0
    for (const [thread, totals] of threads.entries()) {
      this.#follow(thread, totals, now)
      const window = this.#windows[thread]
      if (window !== undefined) ends += totals!.ended - window.at.ended
    }
    if (ends < Math.max(MIN_ENDS, ENDS_PER_LANE * this.#current)) return undefined
    const measured = this.#measure(now, threads)
    const from = this.#current
    const { why, resting } = this.#decide(measured)
    for (const [thread, totals] of threads.entries()) {
      this.#changes[thread] = totals
      this.#windows[thread] = totals && this.#current === from ? { since: now, at: totals } : undefined
    }
    return measured && { from, to: this.#current, resting, why, handlerMs: measured.handlerMs, busy: measured.busy }
  }

  // ── measuring ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** The window of a thread opens when each lane has ended once: what began before the change is over then. */
  #follow(thread: number, totals: LaneTotals | undefined, now: number): void {
    const change = this.#changes[thread]
    if (totals === undefined || change === undefined || totals.ended < change.ended) {
      this.#changes[thread] = totals
      this.#windows[thread] = undefined
      return
    }
    if (this.#windows[thread] !== undefined || totals.ended - change.ended < this.#current) return
    this.#windows[thread] = { since: now, at: totals }
  }

  /** @returns undefined where lanes stood empty in every thread */
  #measure(now: number, threads: readonly (LaneTotals | undefined)[]): Measured | undefined {
    let ended = 0
    let succeeded = 0
    let spentMs = 0
    let busy = 0
    for (const [thread, totals] of threads.entries()) {
      const window = this.#windows[thread]
      if (totals === undefined || window === undefined) continue
      const { since, at } = window
      const ends = totals.ended - at.ended
      const spent = totals.spentMs - at.spentMs
      const isFollowed = totals.followed - at.followed >= FOLLOWED * ends
      if (ends === 0 || !isFollowed || spent < OCCUPIED * this.#current * (now - since)) continue
      ended += ends
      succeeded += totals.succeeded - at.succeeded
      spentMs += spent
      const active = totals.activeMs - at.activeMs
      const idle = totals.idleMs - at.idleMs
      if (active > 0) busy = Math.max(busy, active / (active + idle))
    }
    return spentMs === 0 ? undefined : { rate: succeeded / spentMs, handlerMs: spentMs / ended, busy }
  }

  // ── deciding ───────────────────────────────────────────────────────────────────────────────────────────────────

  #decide(now: Measured | undefined): Verdict {
    // A lower limit that stands empty is enough.
    if (now === undefined) return this.#giveUp('unused', Math.min(this.#current, this.#kept))
    if (!this.#measured) return this.#begin(now)
    if (this.#current > this.#kept) {
      return this.#pays(now) ? this.#goOn(now) : this.#giveUp('more-gains-nothing', this.#kept)
    }
    if (this.#current < this.#kept) {
      // A busy loop is no place to raise the limit, not even back to where it was.
      return now.busy >= MAX_BUSY || this.#pays(now) ? this.#goOn(now) : this.#giveUp('fewer-lose', this.#kept)
    }
    return this.#atRest(now)
  }

  #begin(now: Measured): Verdict {
    this.#measured = true
    this.#keep(now)
    return this.#try(true, now.busy)
  }

  /** Whether the limit in use has more power than the one that was kept: the same throughput in less time, too. */
  #pays({ rate, handlerMs }: Measured): boolean {
    const power = (this.#current * rate) ** 2 / handlerMs
    const kept = (this.#kept * this.#keptRate) ** 2 / this.#keptMs
    return power > kept || (power === kept && this.#current < this.#kept)
  }

  #keep({ rate, handlerMs }: Measured): void {
    this.#kept = this.#current
    this.#keptRate = rate
    this.#keptMs = handlerMs
  }

  /** The trial pays: the next one goes the same way, further. */
  #goOn(now: Measured): Verdict {
    const isUp = this.#current > this.#kept
    this.#keep(now)
    this.#patience = MIN_REST
    this.#step = Math.min(MAX_STEP, 2 * this.#step)
    return this.#try(isUp, now.busy)
  }

  #giveUp(why: LimitReason, limit: number): Verdict {
    if (this.#current === this.#kept) return this.#resting(this.#why)
    this.#current = limit
    this.#kept = limit
    this.#rest = this.#patience
    this.#patience = Math.min(MAX_REST, 2 * this.#patience)
    this.#step = STEP
    return this.#resting(why)
  }

  #atRest(now: Measured): Verdict {
    const times = this.#keptRate / now.rate
    if (times >= CHANGED || times <= 1 / CHANGED) {
      this.#keep(now)
      this.#patience = MIN_REST
      return this.#try(times < 1, now.busy)
    }
    this.#keptRate += (now.rate - this.#keptRate) * NEWEST_WEIGHT
    this.#keptMs += (now.handlerMs - this.#keptMs) * NEWEST_WEIGHT
    if (--this.#rest > 0) return this.#resting(this.#why)
    const isUp = this.#current === 1 || this.#nextUp
    this.#nextUp = !isUp
    return this.#try(isUp, now.busy)
  }

  #try(isUp: boolean, busy: number): Verdict {
    const mayRise = busy < MAX_BUSY && this.#current < this.#max
    const mayFall = this.#current > 1
    if (isUp ? !mayRise : !mayFall) {
      this.#rest = this.#patience
      this.#step = STEP
      if (!isUp) return this.#resting(this.#why)
      return this.#resting(busy >= MAX_BUSY ? 'loop-busy' : 'at-maximum')
    }
    const factor = 1 + this.#step
    this.#current = isUp
      ? Math.min(this.#max, Math.max(this.#current + 1, Math.round(this.#current * factor)))
      : Math.min(this.#current - 1, Math.round(this.#current / factor))
    return { why: isUp ? 'more' : 'fewer', resting: false }
  }

  #resting(why: LimitReason): Verdict {
    this.#why = why
    return { why, resting: true }
  }
}

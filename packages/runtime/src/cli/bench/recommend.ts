/**
 * Which of the measured ways to run a processor to take, and why: pure, from figures to a sentence.
 *
 * The rule: of all ways that reach nearly the best throughput, and let no more messages fail than a handler alone does, the one with
 * the fewest threads, and of those the one with the lowest concurrency, 'auto' behind all numbers: a number that does as much is
 * simpler. Threads cost memory and CPU, concurrency costs memory and latency, and what neither gains is only paid for. Why it is so
 * follows from who was busy: the threads, the main thread, or neither.
 */
import type { Ordering } from '@zk/engine'
import {
  allowedBy,
  BUSY,
  byConcurrency,
  type Concurrency,
  concurrencyText,
  failedText,
  gain,
  lanes,
  lanesEach,
  mean,
  type Point,
  percentText,
  plainest,
  rateText,
  soundOf,
} from './figures.js'

/**
 * What a cheaper way has to reach of the best throughput. Half of the tenth that a recommendation may be off, because the medians
 * of short runs are off by some per cent themselves.
 */
const NEARLY = 0.95
/** The same where it needs fewer threads and the runs of both overlap, so that nobody could tell them apart. */
const NEARLY_IN_NOISE = 0.94
/** The cores are used up: what the measured process leaves goes to brokers, embedded or beside it. */
const CORES_BUSY = 0.75
/** A thread waits: one handler at a time leaves it idle most of its time. */
const IDLE = 0.2
/** It computes next to nothing: what keeps the thread busy with many handlers is what each message costs besides. */
const BARELY = 0.05
/** Below it, in microseconds, a handler takes no longer than what a message costs besides. */
const SHORT_US = 20
/** Less of the lanes in use: some stand empty. */
const FULL = 0.8
/** A share that is so much smaller is smaller by more than chance. */
const SMALLER = 0.8
/** Handlers take so much longer with more of them in progress: they wait for each other somewhere. */
const CROWDED = 1.5
/** By so much a way has to be beyond what the most frequent key allows, to be told as one that is not so fast for long. */
const AHEAD = 1.1
/** Of a core: so much beside its event loop is more than reading and committing take, and less than what it takes to keep one busy. */
const COMPUTES = 0.5
/** Of the handlers in progress fewer than these would do: worth a hint. */
const FEWER = 0.75

export type Bound = 'cpu' | 'io' | 'mixed' | 'shared' | 'supply' | 'short' | 'keys' | 'partitions'

export interface Recommendation {
  /** Undefined, as the next two, where every message failed. */
  readonly speedup?: number
  readonly concurrency?: Concurrency
  readonly bound?: Bound
  /** "CPU-bound, 2 cores: speedup 2"; where every message failed, that this says nothing. */
  readonly sentence: string
  /** What should be known besides; empty when nothing. */
  readonly notes: readonly string[]
}

export interface Circumstances {
  /** CPUs that the process may use. */
  readonly cores: number
  readonly ordering: Ordering
  /** Different keys among the messages, or partitions that hold some: of each, one message at a time runs. 0: some message waits for no other. */
  readonly turns: number
  /** Share of the messages that the most frequent key has, or the fullest partition, 0 to 1. 0: no message waits for another. */
  readonly hottest: number
}

/** What was measured, and what follows from it before anything is chosen. */
interface Evidence extends Circumstances {
  readonly points: readonly Point[]
  /** What a handler does when it is alone. */
  readonly alone: Point
  /** The fastest of the ways in which no more messages fail than in that. */
  readonly best: Point
}

/** @param points at least one; of each way one */
export function recommend(points: readonly Point[], circumstances: Circumstances): Recommendation {
  const [sound, alone] = [soundOf(points), plainest(points)]
  const best = fastest(sound)
  const chosen = sound.filter((point) => isNearly(point, best)).sort(byCost)[0]!
  if (chosen.failed >= chosen.messages) return { sentence: 'Nothing to recommend: every message failed', notes: [] }
  const evidence = { ...circumstances, points, alone, best }
  const bound = boundOf(chosen, evidence)
  return {
    speedup: chosen.speedup,
    concurrency: chosen.concurrency,
    bound,
    sentence: `${reason(bound, chosen, evidence)}: ${wayOf(chosen)}`,
    notes: notes(bound, chosen, evidence),
  }
}

function fastest(points: readonly Point[]): Point {
  return points.reduce((best, point) => (point.perSecond > best.perSecond ? point : best))
}

function isNearly(point: Point, best: Point): boolean {
  const reaches = (share: number) => point.perSecond >= share * best.perSecond
  const isCheaper = point.speedup < best.speedup && overlaps(point, best)
  return reaches(NEARLY) || (isCheaper && reaches(NEARLY_IN_NOISE))
}

/** Some run of it was as fast as one of the best way's. */
function overlaps(point: Point, best: Point): boolean {
  return point.maxPerSecond >= best.minPerSecond
}

const byCost = (a: Point, b: Point) => a.speedup - b.speedup || byConcurrency(a.concurrency, b.concurrency)

const coresUsed = ({ cpuUsPerMessage, perSecond }: Point) => (cpuUsPerMessage * perSecond) / 1e6

function boundOf(chosen: Point, { points, alone, cores, ordering, turns }: Evidence): Bound {
  if (alone.handlerMeanUs < SHORT_US && !isWaiting(alone)) return 'short'
  const crowded = crowdedBeside(chosen, points, cores)
  const isShared = crowded.some((point) => waitsLonger(point, chosen))
  const lacksTurns = (point: Point) =>
    turns > 0 && turns <= lanes(point) && mean(point.occupied) < FULL && isFree(point, cores)
  if (lacksTurns(chosen) || (!isShared && crowded.some(lacksTurns))) {
    return ordering === 'partition' ? 'partitions' : 'keys'
  }
  const each = busyWithOne(alone)
  if (each >= BUSY || computesElsewhere(alone)) return 'cpu'
  if (crowded.length > 0) return isShared ? 'shared' : 'supply'
  return each <= BARELY || (each <= IDLE && mean(chosen.busy) < BUSY) ? 'io' : 'mixed'
}

/** What each handler in progress keeps its thread busy, where several were. */
function busyWithOne(point: Point): number {
  return mean(point.busy) / Math.max(1, mean(point.occupied) * lanesEach(point))
}

/** Some handler is in progress all the time and leaves the thread idle: of a batch a message's share may be short all the same. */
function isWaiting({ busy, occupied }: Point): boolean {
  return mean(occupied) >= 0.5 && mean(busy) <= IDLE
}

/** What keeps a thread busy takes a core, and does not wait in it, as a synchronous call does. */
function computes(point: Point): boolean {
  return coresUsed(point) >= COMPUTES
}

/** Each handler in progress has a core busy that is not its event loop's: libuv's pool, as of bcrypt, or threads of a package. */
function computesElsewhere(point: Point): boolean {
  const { busy, mainBusy, occupied } = point
  const elsewhere = coresUsed(point) - mean(busy) * point.speedup - mainBusy
  return elsewhere >= COMPUTES * Math.max(1, mean(occupied) * lanes(point))
}

/**
 * Ways with twice as many handlers or more that bring nothing although neither a thread nor the machine is busy: what they wait for gives
 * no more, which shows in the handlers' time, for it grows with their number (Little's law); or lanes stand empty.
 */
function crowdedBeside(chosen: Point, points: readonly Point[], cores: number): Point[] {
  return points.filter((point) => {
    const isMore = lanes(point) >= 2 * lanes(chosen) && point.speedup >= chosen.speedup
    return isMore && isFree(point, cores) && (waitsLonger(point, chosen) || standsEmpty(point, chosen))
  })
}

function waitsLonger(point: Point, chosen: Point): boolean {
  return point.handlerMeanUs >= CROWDED * chosen.handlerMeanUs
}

/** Of more lanes a smaller share is used. */
function standsEmpty(point: Point, chosen: Point): boolean {
  return mean(point.occupied) < SMALLER * mean(chosen.occupied)
}

/** Threads are busy and the machine is not: more of them find cores, or block as these do. */
function hasCoresLeft(point: Point, { cores }: Evidence): boolean {
  return mean(point.busy) >= BUSY && point.mainBusy < BUSY && coresUsed(point) < CORES_BUSY * cores
}

/** Neither threads nor main nor the machine is busy. */
function isFree(point: Point, cores: number): boolean {
  return mean(point.busy) < BUSY && point.mainBusy < BUSY && coresUsed(point) < CORES_BUSY * cores
}

function reason(bound: Bound, chosen: Point, { points, alone, cores, turns }: Evidence): string {
  const coresText = `${cores} ${cores === 1 ? 'core' : 'cores'}`
  switch (bound) {
    case 'short':
      return chosen.speedup === 1 && points.some(({ speedup }) => speedup > 1)
        ? `Too short to be shared out (${micros(alone.handlerMeanUs)} a message, ${coresText})`
        : `Short handlers (${micros(alone.handlerMeanUs)} a message, ${coresText})`
    case 'cpu': {
      if (computesElsewhere(alone)) return `CPU-bound outside of its event loop, ${coresText}`
      return computes(alone) ? `CPU-bound, ${coresText}` : 'Bound by calls that block its event loop'
    }
    case 'io':
      return `I/O-bound (${whoKeepsBusy(alone)})`
    case 'mixed':
      return `Mixed (${whoKeepsBusy(alone)}), ${coresText}`
    case 'shared':
      return `Bound by something that all handlers share (${rateText(chosen.perSecond)}; more of them only wait longer)`
    case 'supply':
      return `Bound by what reaches the handlers (${rateText(chosen.perSecond)}; more of them stand idle)`
    case 'keys':
      return `Bound by ${turns === 1 ? '1 key' : `${turns} different keys`}, of which one message at a time runs`
    case 'partitions':
      return `Bound by the ${turns === 1 ? 'one partition' : `${turns} partitions`} with messages, of which one message at a time runs`
  }
}

function whoKeepsBusy(point: Point): string {
  const handlers = Math.round(lanesEach(point))
  const who = handlers === 1 ? 'a handler alone keeps its' : `${handlers.toLocaleString('en-US')} handlers keep their`
  return `${who} thread ${percentText(mean(point.busy))} busy`
}

function wayOf(point: Point): string {
  const { speedup, concurrency } = point
  return concurrency === 1 ? `speedup ${speedup}` : `speedup ${speedup}, concurrency ${concurrencyText(point)}`
}

function notes(bound: Bound, chosen: Point, evidence: Evidence): string[] {
  const { points, alone, best } = evidence
  const found: string[] = []
  if (best !== chosen) {
    const faster = `${wayOf(best)} was ${Math.round((gain(best, chosen) - 1) * 100)} % faster`
    if (overlaps(chosen, best)) found.push(`${faster}, which is within what such runs differ by.`)
    else if (chosen.runs === 1 || best.runs === 1) found.push(`${faster}, which single runs do not tell from chance.`)
    else found.push(`${faster}, which is less than it costs.`)
  }
  const overall = fastest(points)
  if (overall.perSecond > best.perSecond) {
    found.push(
      `${wayOf(overall)} reached ${rateText(overall.perSecond)} and is left out: ` +
        `of its messages ${failedText(overall)} failed, of ${wayOf(alone)} ${failedText(alone)}.`,
    )
  }
  const { concurrency } = chosen
  const served = bound === 'shared' ? servedText(chosen, evidence) : undefined
  if (served !== undefined) found.push(served)
  const highest = Math.max(...points.map((one) => (one.concurrency === 'auto' ? 0 : one.concurrency)))
  if (
    concurrency !== 'auto' &&
    concurrency > 1 &&
    concurrency === highest &&
    (bound === 'io' || bound === 'mixed') &&
    mean(chosen.busy) < BUSY
  ) {
    found.push(`It is the highest concurrency that was measured; try --concurrency ${concurrency * 2} too.`)
  }
  if (bound === 'supply') {
    found.push(
      'Brokers, network, the window (windowMessages, windowBytes), or keys of batches in progress let no more through.',
    )
  }
  const mostThreads = Math.max(...points.map(({ speedup }) => speedup))
  if (chosen.speedup === mostThreads && hasCoresLeft(chosen, evidence)) {
    found.push(`It is the highest speedup that was measured, and cores are left; try --speedup ${mostThreads * 2} too.`)
  }
  const uneven = unevenText(evidence)
  if (uneven !== undefined) found.push(uneven)
  if (chosen.failed > 0) found.push('Messages failed: these are not the speeds of the processor at its work.')
  return found
}

/**
 * How many handlers what they share really serves: by J. D. C. Little (1961) as many are in progress as come while one lasts.
 *
 * @returns undefined where nearly as many are in progress, or so many were measured already
 */
function servedText(chosen: Point, { points, alone }: Evidence): string | undefined {
  const needed = Math.ceil((chosen.perSecond * alone.handlerMeanUs) / 1e6)
  const fewer = Math.ceil(needed / chosen.speedup)
  const isMeasured = points.some(({ speedup, concurrency }) => speedup === chosen.speedup && concurrency === fewer)
  if (chosen.concurrency === 'auto' || needed > FEWER * lanes(chosen) || isMeasured) return undefined
  return `No more than ${needed} handlers are served at once; try --concurrency ${fewer} too, which waits less.`
}

/**
 * What the most frequent key allows, or the fullest partition, whose messages wait for each other. A run of a second can be faster,
 * for the others run ahead; for long it falls behind. Only told: whether its messages take as long as others, nobody has measured.
 *
 * @returns undefined where no way was faster, or handlers were measured in company only and wait for each other besides
 */
function unevenText({ alone, best, cores, ordering, turns, hottest }: Evidence): string | undefined {
  const allowed = allowedBy(hottest, alone.handlerMeanUs)
  const isAlone = lanesEach(alone) === 1 && alone.speedup <= cores
  if (!isAlone || best.perSecond <= AHEAD * allowed) return undefined
  const which =
    ordering === 'partition' ? `The fullest of the ${turns} partitions with messages` : 'The most frequent key'
  const share = `${Number((hottest * 100).toPrecision(2))} %`
  return (
    `${which} has ${share} of the messages, which wait for each other: if they take as long as others, it falls behind ` +
    `beyond ${rateText(allowed)} in all.`
  )
}

const micros = (value: number) => (value < 1 ? 'less than 1 µs' : `${Math.round(value)} µs`)

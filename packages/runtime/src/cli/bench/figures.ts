/** What is measured of one way to run a processor: of a single run, and of several as their medians. */
import { median } from './median.js'

export type Concurrency = number | 'auto'

export interface Way {
  readonly speedup: number
  readonly concurrency: Concurrency
}

/** Of an event loop's time: above it next to nothing is left for a handler more. */
export const BUSY = 0.85

/** Of one run, or the median of each figure over several. Times of handlers in microseconds. */
export interface Figures {
  /** Records that completed in a second, without those of the warm-up. */
  readonly perSecond: number
  readonly handlerMeanUs: number
  readonly handlerP50Us: number
  readonly handlerP99Us: number
  /** From the record's timestamp to its completion, at half of the throughput, or of what the most frequent key allows, or 1,000 messages/s; undefined where it was not measured. */
  readonly endToEndP50Ms: number | undefined
  readonly endToEndP99Ms: number | undefined
  /** Of each thread: share of the time in which its event loop was busy, 0 to 1. */
  readonly busy: readonly number[]
  /** Of each thread: share of the time in which its lanes (`concurrency`) had a handler in progress, 0 to 1. */
  readonly occupied: readonly number[]
  /** What concurrency 'auto' had come to in each thread at the end; undefined for a number. */
  readonly autoLanes: number | undefined
  /** Share of the time in which the event loop of the main thread was busy. */
  readonly mainBusy: number
  /** Of the process that ran the work, brokers not included. */
  readonly cpuUsPerMessage: number
  /** The most resident memory of that process. */
  readonly rssMb: number
}

/** One run. */
export interface RunFigures extends Figures {
  /** Records that completed in all, warm-up included. */
  readonly messages: number
  readonly failed: number
}

/** Several runs of one way. */
export interface Point extends Way, Figures {
  readonly runs: number
  readonly minPerSecond: number
  readonly maxPerSecond: number
  /** Of all runs together. */
  readonly messages: number
  readonly failed: number
}

export function pointOf(way: Way, runs: readonly RunFigures[]): Point {
  const of = (read: (run: RunFigures) => number) => median(runs.map(read))
  const ofSome = (read: (run: RunFigures) => number | undefined) => {
    const known = runs.map(read).filter((value) => value !== undefined)
    return known.length === 0 ? undefined : median(known)
  }
  const ofEach = (read: (run: RunFigures) => readonly number[]) =>
    read(runs[0]!).map((_, thread) => median(runs.map((run) => read(run)[thread]!)))
  const rates = runs.map(({ perSecond }) => perSecond)
  return {
    ...way,
    runs: runs.length,
    perSecond: median(rates),
    minPerSecond: Math.min(...rates),
    maxPerSecond: Math.max(...rates),
    messages: sum(runs.map(({ messages }) => messages)),
    failed: sum(runs.map(({ failed }) => failed)),
    handlerMeanUs: of(({ handlerMeanUs }) => handlerMeanUs),
    handlerP50Us: of(({ handlerP50Us }) => handlerP50Us),
    handlerP99Us: of(({ handlerP99Us }) => handlerP99Us),
    endToEndP50Ms: ofSome(({ endToEndP50Ms }) => endToEndP50Ms),
    endToEndP99Ms: ofSome(({ endToEndP99Ms }) => endToEndP99Ms),
    busy: ofEach(({ busy }) => busy),
    occupied: ofEach(({ occupied }) => occupied),
    autoLanes: ofSome(({ autoLanes }) => autoLanes),
    mainBusy: of(({ mainBusy }) => mainBusy),
    cpuUsPerMessage: of(({ cpuUsPerMessage }) => cpuUsPerMessage),
    rssMb: of(({ rssMb }) => rssMb),
  }
}

/** Handlers that may be in progress at once in one thread. */
export function lanesEach({ concurrency, autoLanes = 1 }: Point): number {
  return concurrency === 'auto' ? autoLanes : concurrency
}

/** How many messages completed, failed ones included, and how many of them failed. */
export type Outcomes = Pick<RunFigures, 'messages' | 'failed'>

export function failedShare({ failed, messages }: Outcomes): number {
  return messages === 0 ? 0 : failed / messages
}

/** To fail is often faster than to succeed, as where there are no more connections: ways that fail no more than handlers alone. */
export function soundOf(points: readonly Point[]): Point[] {
  const alone = plainest(points)
  return points.filter((point) => !failsMore(point, alone))
}

/** The way that was measured with the fewest handlers in progress: it shows what a handler does when it is alone. */
export function plainest(points: readonly Point[]): Point {
  return [...points].sort((a, b) => lanes(a) - lanes(b) || a.speedup - b.speedup)[0]!
}

/** Handlers that may be in progress at once. */
export function lanes(point: Point): number {
  return point.speedup * lanesEach(point)
}

/** Standard errors that chance is allowed: beyond them is one of seven hundred. */
const CHANCE = 3

/** Whether a larger share of the first fails, and more than chance explains: what the two shares may be does not overlap. */
export function failsMore(one: Outcomes, other: Outcomes): boolean {
  return failedWithin(one).least > failedWithin(other).most
}

/** The score interval of E. B. Wilson (1927), which holds for few messages too, and for none that failed. */
function failedWithin(of: Outcomes): { least: number; most: number } {
  if (of.messages === 0) return { least: 0, most: 1 }
  const [share, doubt] = [failedShare(of), CHANCE ** 2 / of.messages]
  const middle = share + doubt / 2
  const reach = Math.sqrt(doubt * (share * (1 - share) + doubt / 4))
  return { least: (middle - reach) / (1 + doubt), most: (middle + reach) / (1 + doubt) }
}

/** As people read it: 3.1 %. */
export function failedText(of: Outcomes): string {
  const percent = failedShare(of) * 100
  if (percent > 0 && percent < 0.1) return '<0.1 %'
  return `${percent.toFixed(percent === 0 || percent >= 10 ? 0 : 1)} %`
}

/** As people read it: 31 %, or – where it is not known. */
export function percentText(share: number | undefined): string {
  return share === undefined ? '–' : `${Math.round(share * 100)} %`
}

/** As people read it: 12,345 messages/s. */
export function rateText(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en-US')} messages/s`
}

/** Of concurrencies: numbers by size, and 'auto' behind them. */
export function byConcurrency(a: Concurrency, b: Concurrency): number {
  const rank = (one: Concurrency) => (one === 'auto' ? Number.MAX_VALUE : one)
  return rank(a) - rank(b)
}

/** As progress, notes and errors name it. */
export function wayText({ speedup, concurrency }: Way): string {
  return `speedup ${speedup}, concurrency ${concurrency}`
}

/** As people read it: 16, or auto (16). */
export function concurrencyText({ concurrency, autoLanes }: Pick<Point, 'concurrency' | 'autoLanes'>): string {
  return concurrency === 'auto' && autoLanes !== undefined ? `auto (${Math.round(autoLanes)})` : String(concurrency)
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}

/**
 * What messages that wait for each other allow, in messages a second of all.
 *
 * @param hottest their share of all, 0 to 1 @param handlerUs how long one takes, in microseconds
 */
export function allowedBy(hottest: number, handlerUs: number): number {
  return 1e6 / (hottest * handlerUs)
}

/** How many times the throughput of the first. */
export function gain(point: Point, first: Point): number {
  return point.perSecond / first.perSecond
}

/**
 * What each thread more has brought: the throughput for each time as many threads, against the fewest threads with the same
 * concurrency. 1 is all that threads can give.
 *
 * @param points not empty, by speedup @returns undefined where no other way has this concurrency
 */
export function efficiency(point: Point, points: readonly Point[]): number | undefined {
  const first = points.find(({ concurrency }) => concurrency === point.concurrency)!
  const isAlone = points.every((one) => one === point || one.concurrency !== point.concurrency)
  return isAlone ? undefined : gain(point, first) / (point.speedup / first.speedup)
}

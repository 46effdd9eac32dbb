/** What both sides of the latency suite have in common. */
import { percentile } from './percentile.js'

/** The first two seconds, in which code is compiled. */
export const SKIPPED = 2_000
export const SAMPLES = 4_000

export interface LatencyRun {
  /** Milliseconds. */
  p50: number
  p99: number
}

/** Prints the result of a run as its last line. */
export function told(latencies: Float64Array | readonly number[]): void {
  const counted = latencies.slice(SKIPPED, SKIPPED + SAMPLES)
  const run: LatencyRun = { p50: percentile(counted, 0.5), p99: percentile(counted, 0.99) }
  console.log(JSON.stringify(run))
}

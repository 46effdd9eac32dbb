/**
 * The machine's monotonic clock, which is the same in all threads; `performance.now()` begins anew in each.
 *
 * On shared boards it stands in 32 bits of milliseconds and wraps after 49 days: only differences mean something.
 */
import { performance } from 'node:perf_hooks'

const ORIGIN_MS = Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now()

/** @param now what `performance.now()` says in this thread */
export function machineMs(now: number): number {
  return (now + ORIGIN_MS) | 0
}

/** How fast a work goes through the records of a topic that was filled before. */
import type { Work } from '@zk/runtime'

/** A group forms in a few seconds, and no handler of a suite takes one: nothing for so long is nothing at all. */
const STALL_MS = 30_000

/**
 * Runs the work until so many records are finished.
 *
 * @param lookMs how often it is looked at: short beside a run, and rare enough that a snapshot of everything costs it nothing
 * @param warmUp records that go by before the rate is measured, 1 or more
 * @returns records a second, from the end of the warm-up, as it is seen, to the last one
 * @throws Error when no record is finished for half a minute
 */
export async function workRate(work: Work, messages: number, lookMs: number, warmUp = 1): Promise<number> {
  const done = new AbortController()
  let first: { at: number; processed: number } | undefined
  let last = { at: performance.now(), processed: 0 }
  let perSecond: number | undefined
  const look = setInterval(() => {
    const at = performance.now()
    const processed = work.state()?.counters.processed ?? 0
    if (processed > last.processed) last = { at, processed }
    if (processed >= warmUp) first ??= { at, processed }
    if (processed >= messages && first !== undefined) {
      perSecond = ((processed - first.processed) * 1000) / (at - first.at)
    } else if (at - last.at < STALL_MS) return
    clearInterval(look)
    done.abort()
  }, lookMs)
  await work.run({ shutdown: done.signal })
  if (perSecond !== undefined) return perSecond
  throw new Error(`no record was finished for ${STALL_MS / 1_000} s, after ${last.processed} of ${messages}`)
}

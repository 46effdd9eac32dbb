/** How fast a work goes through the records of a topic that was filled before. */
import type { Work } from '@zk/runtime'

/**
 * Runs the work until so many records are finished.
 *
 * @param lookMs how often it is looked at: short beside a run, and rare enough that a snapshot of everything costs it nothing
 * @param warmUp records that go by before the rate is measured, 1 or more
 * @returns records a second, from the end of the warm-up, as it is seen, to the last one
 */
export async function workRate(work: Work, messages: number, lookMs: number, warmUp = 1): Promise<number> {
  const done = new AbortController()
  let first: { at: number; processed: number } | undefined
  let perSecond = 0
  const look = setInterval(() => {
    const processed = work.state()?.counters.processed ?? 0
    if (processed >= warmUp) first ??= { at: performance.now(), processed }
    if (processed < messages || first === undefined) return
    clearInterval(look)
    perSecond = ((processed - first.processed) * 1000) / (performance.now() - first.at)
    done.abort()
  }, lookMs)
  await work.run({ shutdown: done.signal })
  return perSecond
}

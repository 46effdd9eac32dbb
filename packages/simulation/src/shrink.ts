/** Makes a schedule that breaks an invariant shorter, by leaving out decisions as long as it still breaks the same one. */
import type { Profile } from './profiles.js'
import { type Outcome, type PlayOptions, play } from './schedule.js'

/** Schedules that are tried, at most. */
const TRIES = 6_000

/**
 * @param prepare as it was played with
 * @returns the shortest failing schedule that was found, played with a trace; the given one when none is shorter
 */
export function shrink(profile: Profile, failing: Outcome, prepare?: PlayOptions['prepare'], tries = TRIES): Outcome {
  const { seed, found } = failing
  if (found === undefined) throw new Error(`seed ${seed} breaks nothing`)
  // That nothing moves any more, or that something is left, shows only when all has become calm.
  const calm = found.invariant === 'I6' || found.invariant === 'I8'
  const attempt = (decisions: readonly number[], tracing = false) => {
    const outcome = play(profile, seed, { decisions, calm, tracing, prepare })
    return outcome.found?.invariant === found.invariant ? outcome : undefined
  }
  const cut = (outcome: Outcome) => (calm ? outcome.decisions.slice(0, outcome.faulty * 2) : outcome.decisions)
  let shortest = cut(failing)
  let left = tries
  for (let size = nextSize(shortest.length / 2); size >= 1; ) {
    let shorter = false
    // From the end: what comes last depends on most.
    for (let end = shortest.length / 2; end > 0 && left > 0; end -= size) {
      const from = Math.max(0, end - size)
      const without = [...shortest.slice(0, from * 2), ...shortest.slice(end * 2)]
      left--
      const outcome = attempt(without)
      if (outcome === undefined) continue
      shortest = cut(outcome)
      end = Math.min(end, shortest.length / 2 + size)
      shorter = true
    }
    if (left <= 0) break
    if (size === 1 && !shorter) break
    if (size > 1) size = size >> 1
  }
  return attempt(shortest, true) ?? play(profile, seed, { tracing: true, prepare })
}

function nextSize(decisions: number): number {
  return Math.max(1, decisions >> 1)
}

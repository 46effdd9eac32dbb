/**
 * Linux lets a thread's timers be up to 50 µs late, or a thousandth of their time if that is more, so that it is woken less often
 * for several that are due at nearly the same time (`prctl(2)`, PR_SET_TIMERSLACK). Node has one timer for all of a thread's
 * anyway, and of a handler that waits for 5 ms those are 1 % of its time.
 */
import { readlinkSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'

/** As little as no handler notices, and still what processes that a handler starts may inherit without harm. */
const SLACK_NS = 1_000

/** From now on timers of the calling thread are not late by more. Where that cannot be had, all stays as it is. */
export function sharpenTimers(): void {
  try {
    const tid = basename(readlinkSync('/proc/thread-self'))
    writeFileSync(`/proc/${tid}/timerslack_ns`, String(SLACK_NS))
  } catch {
    // Another system, or a sandbox without it.
  }
}

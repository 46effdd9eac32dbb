/** Tells how late Linux lets timers of its thread be, in nanoseconds. */
import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

export default {
  setup({ log }) {
    log.info({
      slack: readFileSync(`/proc/${basename(readlinkSync('/proc/thread-self'))}/timerslack_ns`, 'utf8').trim(),
    })
  },
  process() {},
}

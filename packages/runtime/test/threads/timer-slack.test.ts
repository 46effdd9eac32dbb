import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { sharpenTimers } from '../../src/threads/timer-slack.js'

test.runIf(process.platform === 'linux')('timers of the calling thread are not late on purpose', async () => {
  sharpenTimers()
  const slackOf = (thread: string) => readFileSync(`/proc/${basename(thread)}/timerslack_ns`, 'utf8').trim()
  expect(slackOf(readlinkSync('/proc/thread-self'))).toBe('1')
})

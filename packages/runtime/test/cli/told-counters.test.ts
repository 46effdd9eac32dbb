import { expect, test } from 'vitest'
import { toldCounters } from '../../src/cli/told-counters.js'

const none = { processed: 0, failed: 0, deadLettered: 0, redelivered: 0, threadDeaths: 0, committed: 0 }

test('what was processed and committed is always told, and the rest where there is any', () => {
  expect(toldCounters(none)).toEqual(['processed 0', 'committed 0'])
  expect(toldCounters({ ...none, processed: 1_234, failed: 7, deadLettered: 5, committed: 1_200 })).toEqual([
    'processed 1,234',
    'failed 7',
    'dead-lettered 5',
    'committed 1,200',
  ])
})

// @ts-check
import { expect, test } from 'vitest'
import { checkLedger } from '../prove/kit.mjs'
import { progressOf } from '../prove/progress.mjs'

const done = { lag: 0, watermark: 10 }
const unread = { lag: undefined, watermark: undefined }

test('what is to go and the watermarks are added up', () => {
  expect(progressOf([done, { lag: 3, watermark: 5 }])).toEqual({ lag: 3, watermarks: 15 })
  expect(progressOf([])).toEqual({ lag: 0, watermarks: 0 })
})

test('a partition that is never read is a stand-still', () => {
  /** @param {number} at @param {Parameters<typeof progressOf>[0][number]} other */
  const line = (at, other) => ({
    ...{ type: 'progress', pid: 1, at },
    ...progressOf([done, other]),
  })
  expect(checkLedger([line(0, unread), line(60_000, unread)]).invariants.I6.state).toBe('broken')
  expect(checkLedger([line(0, done), line(60_000, done)]).invariants.I6.state).toBe('held')
})

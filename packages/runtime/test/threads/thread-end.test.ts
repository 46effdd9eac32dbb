import { describe, expect, test } from 'vitest'
import { deathOf, endOf } from '../../src/threads/thread-end.js'

const exited = new Error('worker exited with code: 9')

describe('a thread that exits', () => {
  test('died of the handler that was on its stack', () => {
    expect(deathOf(0, { current: 7, hasBatches: false }, exited).guilty).toEqual([7])
    expect(deathOf(0, { current: -1, hasBatches: false }, exited).guilty).toBeUndefined()
  })

  test('died of any record of the batch, where its handler takes several', () => {
    expect(deathOf(0, { current: 7, hasBatches: true }, exited).guilty).toBeUndefined()
  })
})

describe('a thread that is ended', () => {
  const end = { planned: false, cause: 'timeout', error: undefined, guilty: [3, 4] } as const

  test('has whom the watchdog found guilty', () => {
    expect(endOf({ hasBatches: false }, end)).toEqual(end)
  })

  test('has nobody who is known, where its handler takes several records, but for one that has none to blame', () => {
    expect(endOf({ hasBatches: true }, end)).toEqual({ ...end, guilty: undefined })
    expect(endOf({ hasBatches: true }, { ...end, guilty: [] }).guilty).toEqual([])
  })
})

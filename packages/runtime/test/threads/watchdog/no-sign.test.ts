/** A thread that has records and runs none has to give a sign of itself. */
import { describe, expect, test } from 'vitest'
import type { ThreadEnd } from '../../../src/threads/thread-end.js'
import { watched } from './watched.js'

describe('a thread that has records and runs none', () => {
  test('is asked, and ended with its stack when it gives no sign; nobody is guilty', async () => {
    const { queue, passes, asked, ended } = watched()
    queue(3)
    await passes(1_200)
    expect([asked, ended]).toEqual([[0], []])
    await passes(100)
    expect(ended).toMatchObject([[0, { planned: false, cause: 'timeout', guilty: [] }]])
    const [[, { error }]] = ended as [[number, ThreadEnd]]
    expect(error).toMatchObject({ code: 'ZK_THREAD_DIED', message: expect.stringContaining('spin (/app/p.ts:3:5)') })
    expect(error!.stack).toContain('\n    at spin (/app/p.ts:3:5)')
  })

  test('is left alone while it answers, once a second', async () => {
    const { queue, says, passes, asked, ended } = watched()
    queue(3)
    for (let i = 0; i < 100; i++) {
      await passes(100)
      says()
    }
    expect(ended).toEqual([])
    expect(asked.length).toBeGreaterThanOrEqual(9)
    expect(asked.length).toBeLessThanOrEqual(11)
  })

  test('and begins one is held to the deadline of that one, and not to the answer', async () => {
    const { queue, start, onStack, done, passes, ended } = watched()
    queue(3)
    await passes(1_000)
    start(4)
    onStack(4)
    await passes(900)
    done(4)
    onStack(-1)
    await passes(1_200)
    expect(ended).toEqual([])
    await passes(100)
    expect(ended).toHaveLength(1)
  })

  test('that has nothing is not asked', async () => {
    const { start, done, passes, asked } = watched()
    start(3)
    await passes(100)
    done(3)
    await passes(10_000)
    expect(asked).toEqual([])
  })

  test('while the process stands still, or is debugged, is not expected to answer', async () => {
    const { queue, freezes, debug, passes, ended } = watched()
    queue(3)
    await passes(50)
    await freezes(60_000)
    debug(true)
    await passes(60_000)
    debug(false)
    await passes(1_100)
    expect(ended).toEqual([])
    await passes(150)
    expect(ended).toHaveLength(1)
  })

  test('and comes back while its stack is looked for goes on', async () => {
    const { queue, says, stackIsLate, passes, ended } = watched()
    queue(3)
    const arrive = stackIsLate()
    await passes(1_300)
    says()
    await arrive()
    expect(ended).toEqual([])
    await passes(1_000)
    expect(ended).toEqual([])
  })
})

import { Outcome } from '@zk/engine'
import { describe, expect, test } from 'vitest'
import { failing, lane, SLOT, settled } from './lane.js'

describe('while starts are held', () => {
  test('nothing starts and nothing is tried again, but for one record per permit', async () => {
    const { handler, seen } = failing({ 0: 1 })
    const { send, board, executor, acks, stateOf } = lane(handler, { retry: { attempts: 2, backoffMs: 2 } })
    send([0])
    board.holdStarts('work', true)
    send([1, 2])
    await settled()
    expect(seen).toEqual([[0, 1]])
    expect([1, 2].map(stateOf)).toEqual(['queued', 'queued'])
    board.permitStart('work')
    executor.wake()
    await settled()
    expect(seen).toHaveLength(2)
    board.holdStarts('work', false)
    executor.wake()
    await expect.poll(() => acks).toHaveLength(3)
  })

  test.each([1, 4])('the order of what waited is kept, with %i lanes', async (concurrency) => {
    const { handler, seen } = failing({})
    const { send, board, executor } = lane(handler, { concurrency, ordering: 'key' })
    board.holdStarts('work', true)
    for (const ticket of [0, 1, 2, 3]) send([ticket])
    executor.wake()
    await settled()
    board.holdStarts('work', false)
    executor.wake()
    await settled()
    expect(seen.map(([offset]) => offset)).toEqual([0, 1, 2, 3])
  })

  test('a record that is handed back costs no permit', async () => {
    const { handler, seen } = failing({})
    const { send, board, executor, endOf } = lane(handler)
    board.holdStarts('work', true)
    send([0])
    send([1], { epoch: 2 })
    board.cut(SLOT, 1, -1)
    board.permitStart('work')
    executor.wake()
    await settled()
    expect([endOf(0), endOf(1), seen]).toEqual([Outcome.discarded, Outcome.done, [[1, 1]]])
  })

  test('handlers that run go on', async () => {
    let resolve: () => void = () => {}
    const { send, board, acks } = lane(() => new Promise<void>((done) => (resolve = done)))
    send([0])
    board.holdStarts('work', true)
    resolve()
    await settled()
    expect(acks).toEqual([[0, Outcome.done]])
  })
})

describe('while starts of one partition are held', () => {
  const perPartition = { concurrency: 1, circuitPerPartition: true, ordering: 'key' } as const

  test('the others pass, and its order is kept', async () => {
    const { handler, seen } = failing({})
    const { send, board, executor } = lane(handler, perPartition)
    board.holdStarts(SLOT, true)
    send([0, 1])
    send([2], { slot: SLOT + 1 })
    await settled()
    expect(seen.map(([offset]) => offset)).toEqual([2])
    board.permitStart(SLOT)
    executor.wake()
    await settled()
    expect(seen.map(([offset]) => offset)).toEqual([2, 0])
    board.holdStarts(SLOT, false)
    executor.wake()
    await settled()
    expect(seen.map(([offset]) => offset)).toEqual([2, 0, 1])
  })

  test('what its partition is cut from is handed back, and needs no permit', async () => {
    const { handler, seen } = failing({})
    const { send, board, executor, endOf } = lane(handler, perPartition)
    board.holdStarts(SLOT, true)
    send([0, 1])
    board.cut(SLOT, 1, -1)
    executor.wake()
    await settled()
    expect([endOf(0), endOf(1), seen]).toEqual([Outcome.discarded, Outcome.discarded, []])
  })
})

/** A batch starts as its circuit allows it. */
import { describe, expect, test } from 'vitest'
import { SLOT, settled } from '../lane.js'
import { slow, watched } from './watched.js'

describe('a circuit', () => {
  test('that is open lets no batch start, and its probe is a batch of one', async () => {
    const { send, calls, executor, board, stateOf } = watched(undefined, { keyOf: String })
    board.holdStarts('work', true)
    send([0, 1, 2])
    expect([calls, stateOf(0)]).toEqual([[], 'queued'])
    board.permitStart('work')
    executor.wake()
    expect(calls).toEqual([[0]])
    await settled()
    expect(calls).toEqual([[0]])
    board.holdStarts('work', false)
    executor.wake()
    expect(calls).toEqual([[0], [1, 2]])
  })

  test('of one partition lets the others go on, without a probe among them', async () => {
    const { send, calls, board } = slow({ keyOf: String, circuitPerPartition: true })
    board.holdStarts(SLOT, true)
    send([0, 1])
    send([2, 3], { slot: SLOT + 1 })
    expect(calls).toEqual([[2, 3]])

    const other = slow({ keyOf: String, circuitPerPartition: true })
    other.send([2], { slot: SLOT + 1 })
    other.board.holdStarts(SLOT, true)
    other.board.permitStart(SLOT)
    other.send([3], { slot: SLOT + 1 })
    other.send([0, 1])
    other.ends[0]!.resolve()
    await settled()
    expect(other.calls).toEqual([[2], [3]])
    other.ends[1]!.resolve()
    await settled()
    expect(other.calls).toEqual([[2], [3], [0]])
  })
})

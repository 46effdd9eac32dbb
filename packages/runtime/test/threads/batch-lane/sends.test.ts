/** What a batch sends holds its records, and fails them. */
import { Outcome } from '@zk/engine'
import { describe, expect, test } from 'vitest'
import { settled } from '../lane.js'
import { outcomes, watched } from './watched.js'

const { done, failed } = Outcome

describe('what a batch sends', () => {
  const refused = { type: 'failed', code: 3, message: 'no' } as const

  test('holds all of its records until it is acknowledged', async () => {
    const { send, acks, posts, answer } = watched((_, ctx) => void ctx.send('out', { value: 'x' }), { keyOf: String })
    send([0, 1])
    await settled()
    expect([acks, posts.flat()]).toMatchObject([[], [{ ticket: 0 }]])
    answer({ id: 0 })
    expect(outcomes(acks)).toEqual({ 0: done, 1: done })
  })

  test('for one message fails that one where it is refused', async () => {
    const { send, acks, answer, posts, failures } = watched(
      (messages, ctx) => void ctx.of(messages[1]!).send('out', { value: 'x' }),
      { keyOf: String },
    )
    send([0, 1])
    await settled()
    expect(posts.flat()).toMatchObject([{ ticket: 1 }])
    answer({ id: 0, error: refused })
    expect(outcomes(acks)).toEqual({ 0: done, 1: failed })
    expect(failures[0]!.error).toMatchObject({ code: 'ZK_SEND_FAILED' })
  })

  test('for all is a failure of the batch where it is refused', async () => {
    const { send, acks, answer, calls } = watched(
      (messages, ctx) => {
        if (messages.length > 1) void ctx.send('out', { value: 'x' })
      },
      { keyOf: String },
    )
    send([0, 1])
    await settled()
    answer({ id: 0, error: refused })
    expect(acks).toEqual([])
    await expect.poll(() => calls).toEqual([[0, 1], [0], [1]])
  })
})

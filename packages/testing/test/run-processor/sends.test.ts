/** What a handler sends is answered by the test. */
import { type Format, string } from '@zk/formats'
import type { ProcessContext } from '@zk/runtime/processor'
import { describe, expect, test } from 'vitest'
import { runProcessor } from '../../src/run-processor.js'

describe('what a handler sends', () => {
  test('is answered by the test, whose refusal fails the record though nobody looked at it', async () => {
    const process = (_: unknown, ctx: ProcessContext) => void ctx.send('out', { value: 'x' })
    const refuse = () => {
      throw Object.assign(new Error('too large'), { code: 10 })
    }
    const [outcome] = await runProcessor({ process }, [{}], { onSend: refuse })
    expect(outcome).toMatchObject({ ok: false, sent: [], error: { code: 'ZK_SEND_FAILED', details: { code: 10 } } })
    const place = { partition: 4, offset: 17 }
    let answer: unknown
    const asks = async (_: unknown, ctx: ProcessContext) => {
      answer = await ctx.send('out', { value: 'x' })
    }
    await runProcessor({ process: asks }, [{}], { onSend: () => place })
    expect(answer).toEqual(place)
  })

  test('keeps its order, though a value before has to wait for its format', async () => {
    const slow: Format<string> = { ...string, prepareEncode: () => new Promise(setImmediate) }
    const process = (_: unknown, ctx: ProcessContext) => {
      void ctx.send('out', { value: 'first' }, { format: slow })
      void ctx.send('out', { value: 'second' })
      void ctx.send('out', { value: 'third' }, { format: string })
    }
    const asked: string[] = []
    const [outcome] = await runProcessor({ process }, [{}], { onSend: ({ value }) => void asked.push(String(value)) })
    expect(asked).toEqual(['first', 'second', 'third'])
    expect(outcome.sent.map(({ value }) => String(value))).toEqual(asked)
  })

  test('rejects with the reason of the signal when that aborts before the answer', async () => {
    const abort = new AbortController()
    let rejected: unknown
    const process = async (_: unknown, ctx: ProcessContext) => {
      await ctx.send('out', { value: 'x' }).catch((error: unknown) => {
        rejected = error
        throw error
      })
    }
    const onSend = () => {
      abort.abort('revoked')
      return new Promise<undefined>(() => {})
    }
    const [outcome] = await runProcessor({ process }, [{}], { signal: abort.signal, onSend })
    expect(outcome.status).toBe('discarded')
    expect(rejected).toMatchObject({ reason: 'revoked' })
  })

  test('comes too late when the handler has ended', async () => {
    let kept: ProcessContext | undefined
    const process = (_: unknown, ctx: ProcessContext) => {
      kept = ctx
    }
    await runProcessor({ process }, [{}])
    expect(() => kept!.send('out', { value: 'x' })).toThrow(expect.objectContaining({ code: 'ZK_SEND_TOO_LATE' }))
  })
})

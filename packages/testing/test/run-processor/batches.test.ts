/** Handlers that take several records. */
import { json } from '@zk/formats'
import { defineProcessor } from '@zk/runtime/processor'
import { describe, expect, test } from 'vitest'
import { runProcessor } from '../../src/run-processor.js'

describe('a handler of batches', () => {
  const offsetsOf = (messages: readonly { offset: number }[]) => messages.map(({ offset }) => offset)

  test('gets batches as large as asked for, in the order of each key, and each message has an outcome', async () => {
    const calls: number[][] = []
    const processor = defineProcessor({
      processBatch(messages, ctx) {
        calls.push(offsetsOf(messages))
        ctx.fail(messages[0]!, new Error(`bad ${messages[0]!.offset}`))
      },
    })
    const records = ['a', 'a', 'b', 'a', 'b'].map((key) => ({ key, value: Buffer.from('x') }))
    const outcomes = await runProcessor(processor, records, { batchSize: 3 })
    expect(calls).toEqual([
      [0, 1, 2],
      [3, 4],
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'done', 'done', 'failed', 'done'])
    expect(outcomes[0]).toMatchObject({ error: { message: 'bad 0' }, cause: 'error', deadLetter: true })
  })

  test('that throws has each message tried alone, and only the guilty one fails', async () => {
    const calls: number[][] = []
    const processor = defineProcessor({
      async processBatch(messages) {
        calls.push(offsetsOf(messages))
        if (messages.some(({ offset }) => offset === 1)) throw new Error('the statement')
      },
    })
    const outcomes = await runProcessor(processor, [{ key: 'a' }, { key: 'b' }, { key: 'a' }])
    expect(calls).toEqual([[0, 1, 2], [0], [1], [2]])
    expect(outcomes.map(({ status }) => status)).toEqual(['done', 'failed', 'done'])
    expect(outcomes[1]!.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 'put-back'],
      [1, 'failed'],
    ])
  })

  test('has a message that is tried again take those of its key behind it along', async () => {
    const calls: [number, number][][] = []
    const processor = defineProcessor({
      processBatch(messages, ctx) {
        calls.push(messages.map((message) => [message.offset, ctx.of(message).attempt]))
        for (const message of messages)
          if (message.offset === 0 && calls.length === 1) ctx.fail(message, new Error('later'))
      },
    })
    const outcomes = await runProcessor(processor, [{ key: 'a' }, { key: 'b' }, { key: 'a' }], { attempts: 2 })
    expect(calls).toEqual([
      [
        [0, 1],
        [1, 1],
        [2, 1],
      ],
      [
        [0, 2],
        [2, 1],
      ],
    ])
    expect(outcomes.map(({ status, attempts }) => [status, attempts.length])).toEqual([
      ['done', 2],
      ['done', 1],
      ['done', 2],
    ])
  })

  test('gets no value that does not decode, sends for all or for one, and has hooks around each message', async () => {
    const heard: string[] = []
    const processor = defineProcessor({
      format: json(),
      async processBatch(messages, ctx) {
        await ctx.send('all', { value: String(messages.length) })
        for (const message of messages) void ctx.of(message).send('each', { value: ctx.of(message).idempotencyKey })
      },
      postProcessing: ({ offset }, _ctx, { status }) => void heard.push(`${offset} ${status}`),
    })
    const outcomes = await runProcessor(processor, [{ value: 1 }, { rawValue: Buffer.from('{') }, { value: 2 }], {
      onSend: ({ topic, value }) => {
        if (topic === 'each' && String(value) === 'test-0-2') throw new Error('full')
      },
    })
    expect(outcomes.map(({ status }) => status)).toEqual(['done', 'failed', 'failed'])
    expect(outcomes[2]!.error).toMatchObject({ code: 'ZK_SEND_FAILED' })
    expect(outcomes[0]!.sent.map(({ value }) => String(value))).toEqual(['test-0-0'])
    expect(heard).toEqual(['0 done', '1 failed', '2 failed'])
  })

  test('that runs past its deadline is told, and tried message by message', async () => {
    const calls: number[][] = []
    const processor = defineProcessor({
      processBatch: (messages, ctx) => {
        calls.push(offsetsOf(messages))
        if (!messages.some(({ offset }) => offset === 1)) return
        return new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))
      },
    })
    const outcomes = await runProcessor(processor, [{ key: 'a' }, { key: 'b' }], { processTimeoutMs: 20 })
    expect(calls).toEqual([[0, 1], [0], [1]])
    expect(outcomes.map(({ status, cause }) => [status, cause])).toEqual([
      ['done', undefined],
      ['failed', 'timeout'],
    ])
  })
})

/** `runProcessor` tells for each record what became of it. */
import { type Format, json } from '@zk/formats'
import { defineProcessor } from '@zk/runtime/processor'
import { describe, expect, test } from 'vitest'
import { runProcessor } from '../../src/run-processor.js'

describe('outcomes', () => {
  test('come in the order of the records, with the error of those that failed', async () => {
    const processor = defineProcessor({
      format: json({ parse: (value) => value as { n: number } }),
      async process({ value }) {
        if (value!.n === 2) throw new Error('no twos')
      },
    })
    const outcomes = await runProcessor(processor, [{ value: { n: 1 } }, { value: { n: 2 } }, { value: { n: 3 } }])
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(outcomes[1]!.error).toEqual(new Error('no twos'))
    expect(outcomes.map(({ message }) => message.offset)).toEqual([0, 1, 2])
    for (const { durationMs } of outcomes) expect(durationMs).toBeGreaterThanOrEqual(0)
    expect(outcomes[0]).not.toHaveProperty('error')
  })

  test('formats are prepared before they decode and encode, and a record whose format cannot be is one that failed', async () => {
    const ready = new Set<string>()
    const format: Format<string> = {
      name: 'prepared',
      decode: (bytes) => (ready.has('decode') ? `${Buffer.from(bytes)}` : 'too early'),
      encode: (value, place) => Buffer.from(ready.has('encode') ? `${place?.topic} ${value}` : 'too early'),
      prepareDecode: async (bytes, { part }) => {
        if (bytes.length === 0) throw new Error('no schema')
        if (part === 'value') ready.add('decode')
      },
      prepareEncode: async () => void ready.add('encode'),
    }
    const processor = defineProcessor({
      format,
      async process({ value }, ctx) {
        await ctx.send('out', { value: `${value}!` }, { format })
        await ctx.send('out', { value: null }, { format })
      },
    })
    const [good, bad, encoded] = await runProcessor(processor, [
      { rawValue: 'a' },
      { rawValue: '' },
      { value: 'b', topic: 'orders' },
    ])
    expect(good!.error).toBeUndefined()
    expect(good!.sent.map(({ value }) => value && `${value}`)).toEqual(['out a!', null])
    expect(bad).toMatchObject({ ok: false, error: { message: 'no schema' } })
    expect(encoded!.message.rawValue).toEqual(Buffer.from('orders b'))
  })

  test('what a handler sends is in its outcome, as bytes, and what the runtime would refuse is refused', async () => {
    const processor = defineProcessor({
      async process(message, ctx) {
        expect(await ctx.send('out', { key: message.key, value: 'größe', headers: { h: null } })).toEqual({
          partition: 0,
          offset: 0,
        })
        await ctx.send('out', { value: null, partition: 3, timestamp: 7 })
        await ctx.send('out', { value: 5 as never })
      },
    })
    const [outcome] = await runProcessor(processor, [{ key: 'k' }])
    const none = { key: null, value: null, headers: [], partition: undefined, timestamp: undefined }
    expect(outcome).toMatchObject({ ok: false, error: { code: 'ZK_SEND_INVALID' } })
    expect(outcome!.sent).toEqual([
      { ...none, topic: 'out', key: Buffer.from('k'), value: Buffer.from('größe'), headers: [['h', null]] },
      { ...none, topic: 'out', partition: 3, timestamp: 7 },
    ])
  })

  test('a synchronous throw is an outcome too', async () => {
    const [outcome] = await runProcessor(
      {
        process() {
          throw new Error('at once')
        },
      },
      [{}],
    )
    expect(outcome).toMatchObject({ ok: false, error: new Error('at once') })
  })

  test('bytes that do not decode fail the record before its handler is called', async () => {
    let calls = 0
    const processor = { format: json(), process: () => void calls++ }
    const [outcome] = await runProcessor(processor, [{ rawValue: '{' }])
    expect(outcome).toMatchObject({ ok: false, error: { code: 'ZK_DECODE_FAILED' } })
    expect(calls).toBe(0)
  })

  test('nothing to do is done at once', async () => {
    expect(await runProcessor({ process() {} }, [])).toEqual([])
  })
})

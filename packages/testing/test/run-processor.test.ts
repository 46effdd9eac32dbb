import { type Format, json, string } from '@zk/formats'
import { defineProcessor } from '@zk/runtime/processor'
import { describe, expect, test } from 'vitest'
import { runProcessor } from '../src/run-processor.js'

/** A promise that the test settles. */
function gate() {
  let open = (): void => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

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

describe('order', () => {
  async function trace(keys: (string | null)[], concurrency: number): Promise<string[]> {
    const events: string[] = []
    const doors = keys.map(() => gate())
    const running = runProcessor(
      {
        async process({ offset }) {
          events.push(`start ${offset}`)
          await doors[offset]!.promise
          events.push(`end ${offset}`)
        },
      },
      keys.map((key) => ({ key })),
      { concurrency },
    )
    // Opened from the back: whatever may run at once ends in the wrong order.
    for (const door of doors.toReversed()) {
      door.open()
      await new Promise(setImmediate)
    }
    await running
    return events
  }

  test('records of one key never overlap, those of different keys do', async () => {
    expect(await trace(['a', 'a', 'b'], 3)).toEqual([...['start 0', 'start 2', 'end 2', 'end 0', 'start 1', 'end 1']])
  })

  test('no more than `concurrency` run at once', async () => {
    expect((await trace(['a', 'b', 'c'], 2)).slice(0, 2)).toEqual(['start 0', 'start 1'])
    expect(await trace(['a', 'b', 'c'], 1)).toEqual(['start 0', 'end 0', 'start 1', 'end 1', 'start 2', 'end 2'])
  })

  test.each([0, -1, 1.5, Number.NaN])('a concurrency of %d is refused: it would run nothing', async (concurrency) => {
    await expect(runProcessor({ process() {} }, [{}], { concurrency })).rejects.toThrow('concurrency is a whole number')
  })

  test('records without a key wait for none', async () => {
    expect((await trace([null, null, null], 3)).slice(0, 3)).toEqual(['start 0', 'start 1', 'start 2'])
  })

  test('an empty key is a key', async () => {
    expect((await trace(['', ''], 2)).slice(0, 2)).toEqual(['start 0', 'end 0'])
  })
})

describe('a processor’s life', () => {
  test('setup comes first, its result is ctx.state, teardown comes last', async () => {
    const calls: unknown[] = []
    await runProcessor(
      {
        setup: async ({ index, options }) => {
          calls.push(['setup', index, options])
          return { db: 1 }
        },
        process: (_message, ctx) => void calls.push(['process', ctx.state]),
        teardown: () => void calls.push(['teardown']),
      },
      [{}],
      { options: { region: 'eu' } },
    )
    expect(calls).toEqual([['setup', 0, { region: 'eu' }], ['process', { db: 1 }], ['teardown']])
  })

  test('the options are a copy, and what cannot be copied is refused as a thread would', async () => {
    const options = { nested: {} }
    await runProcessor({ setup: (thread) => expect(thread.options).not.toBe(options), process() {} }, [], { options })
    const run = runProcessor({ setup() {}, process() {} }, [], { options: { connect: () => {} } })
    await expect(run).rejects.toMatchObject({ name: 'DataCloneError' })
  })

  test('an error of setup rejects, and no record is run', async () => {
    let calls = 0
    const setup = () => Promise.reject(new Error('no database'))
    await expect(runProcessor({ setup, process: () => void calls++ }, [{}])).rejects.toThrow('no database')
    expect(calls).toBe(0)
  })

  test('teardown runs after failures', async () => {
    let torn = false
    await runProcessor(
      {
        process: () => Promise.reject(new Error('x')),
        teardown: () => {
          torn = true
        },
      },
      [{}],
    )
    expect(torn).toBe(true)
  })

  test('something that is no processor is refused', async () => {
    await expect(runProcessor({} as never, [])).rejects.toThrow('a processor is an object with a process function')
  })
})

test('the context has what a delivery has', async () => {
  const abort = new AbortController()
  let seen: unknown
  const process = (_: unknown, ctx: object) => {
    seen = { ...ctx }
  }
  await runProcessor({ process }, [{ topic: 'orders', partition: 3, offset: 9 }], { signal: abort.signal })
  expect(seen).toMatchObject({ attempt: 1, idempotencyKey: 'orders-3-9', virtualPartition: 0, signal: abort.signal })
})

test('ctx.log goes where it is told', async () => {
  const lines: unknown[] = []
  const line = (...args: unknown[]) => void lines.push(args)
  const log = { trace: line, debug: line, info: line, warn: line, error: line, fatal: line }
  await runProcessor(
    { format: string, process: ({ value }, ctx) => ctx.log.info({ value }, 'seen') },
    [{ value: 'x' }],
    { log },
  )
  expect(lines).toEqual([[{ value: 'x' }, 'seen']])
})

import { type Format, json, string } from '@zk/formats'
import { type ContextValues, defineProcessor, type ProcessContext, ProcessError } from '@zk/runtime/processor'
import { describe, expect, test, vi } from 'vitest'
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
    await expect(runProcessor({ process() {} }, [{}], { concurrency })).rejects.toThrow(
      'expected a whole number from 1',
    )
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
    await expect(runProcessor({} as never, [])).rejects.toThrow(
      'expected an object with a process or processBatch function',
    )
  })
})

test('the context has what a delivery has, by the names of the runtime’s own', async () => {
  const abort = new AbortController()
  let seen: Partial<ProcessContext> = {}
  const process = (
    _: unknown,
    { attempt, idempotencyKey, virtualPartition, values, signal, state }: ProcessContext,
  ) => {
    seen = { attempt, idempotencyKey, virtualPartition, values, signal, state }
  }
  const values = { trace: 't' }
  await runProcessor({ process }, [{ topic: 'orders', partition: 3, offset: 9 }], { signal: abort.signal, values })
  expect(seen).toMatchObject({
    attempt: 1,
    idempotencyKey: 'orders-3-9',
    virtualPartition: 0,
    values,
    state: undefined,
  })
  expect(seen.values).not.toBe(values)
  expect(seen.signal!.aborted).toBe(false)
})

describe('attempts', () => {
  const failing = (until: number) => ({
    process(_: unknown, ctx: ProcessContext) {
      ctx.values.seen = 1 + Number(ctx.values.seen ?? 0)
      ctx.log.info({ seen: ctx.values.seen }, `attempt ${ctx.attempt}`)
      if (ctx.attempt < until) throw new Error(`no ${ctx.attempt}`)
    },
  })

  test('a failed record is tried again until it succeeds, each time with values of its own', async () => {
    const [outcome] = await runProcessor(failing(3), [{}], { attempts: 5 })
    expect(outcome).toMatchObject({ ok: true, status: 'done', deadLetter: false, circuitBreak: false })
    expect(outcome.attempts).toMatchObject([
      { attempt: 1, status: 'failed', cause: 'error', error: new Error('no 1') },
      { attempt: 2, status: 'failed', cause: 'error', error: new Error('no 2') },
      { attempt: 3, status: 'done' },
    ])
    expect(outcome.logs).toEqual(
      [1, 2, 3].map((n) => ({ level: 'info', fields: { seen: 1 }, message: `attempt ${n}` })),
    )
  })

  test('when they are used up, the last error is the outcome’s, and it would be a dead letter', async () => {
    const [outcome] = await runProcessor(failing(9), [{}], { attempts: 2 })
    expect(outcome).toMatchObject({ ok: false, status: 'failed', cause: 'error', error: new Error('no 2') })
    expect(outcome).toMatchObject({ deadLetter: true, circuitBreak: true, attempts: [{}, {}] })
  })

  test('a ProcessError says what its failure is to do, and retryable() of the processor is asked', async () => {
    const told = { retryable: false, disableDeadLetter: true, disableCircuitBreak: true }
    const process = () => {
      throw new ProcessError('bad', told)
    }
    const [outcome] = await runProcessor({ process }, [{}], { attempts: 5 })
    expect(outcome).toMatchObject({ deadLetter: false, circuitBreak: false, attempts: [{ attempt: 1 }] })
    const [refused] = await runProcessor({ ...failing(9), retryable: () => false }, [{}], { attempts: 5 })
    expect(refused.attempts).toHaveLength(1)
  })

  test('the outputs of failed attempts are written too', async () => {
    const process = (_: unknown, ctx: ProcessContext) => {
      void ctx.send('out', { value: String(ctx.attempt) })
      if (ctx.attempt === 1) throw new Error('again')
    }
    const [outcome] = await runProcessor({ process }, [{}], { attempts: 2 })
    expect(outcome.sent.map(({ value }) => String(value))).toEqual(['1', '2'])
    expect(outcome.attempts[0].sent).toHaveLength(1)
  })

  test.each([0, 1.5])('attempts of %d are refused: they would run nothing', async (attempts) => {
    await expect(runProcessor({ process() {} }, [{}], { attempts })).rejects.toThrow('expected a whole number from 1')
  })
})

describe('deadlines', () => {
  /** Waits until its signal aborts, then gives up for that reason. */
  const patient = {
    process: (_: unknown, { signal }: ProcessContext) =>
      new Promise<void>((_resolve, reject) => {
        if (signal.aborted) reject(signal.reason)
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  }

  test('a handler that runs past its deadline hears it, and has failed', async () => {
    const [outcome] = await runProcessor(patient, [{}], { processTimeoutMs: 5 })
    expect(outcome).toMatchObject({ status: 'failed', cause: 'timeout', attempts: [{ threadLost: false }] })
    expect(outcome.error).toMatchObject({ name: 'AbortError', reason: 'timeout' })
  })

  test('one that does not listen is not waited for, and another attempt follows', async () => {
    const process = (_: unknown, { attempt }: ProcessContext) =>
      attempt === 1 ? new Promise<void>(() => {}) : undefined
    const [outcome] = await runProcessor({ process }, [{}], { processTimeoutMs: 5, graceMs: 5, attempts: 2 })
    expect(outcome.attempts).toMatchObject([
      { status: 'failed', cause: 'timeout', threadLost: true },
      { status: 'done' },
    ])
    expect(outcome.attempts[0]).not.toHaveProperty('error')
  })

  test('one that ends well all the same has succeeded', async () => {
    const process = (_: unknown, { signal }: ProcessContext) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    expect(await runProcessor({ process }, [{}], { processTimeoutMs: 5 })).toMatchObject([{ ok: true }])
  })

  test('the deadline is a time that extendDeadline moves while the handler runs, by fake timers too', async () => {
    vi.useFakeTimers()
    try {
      vi.setSystemTime(1_000_000)
      const seen: unknown[] = []
      let late: ProcessContext | undefined
      const process = async (_: unknown, ctx: ProcessContext) => {
        late = ctx
        seen.push(ctx.deadline, ctx.extendDeadline(50), ctx.deadline)
        expect(() => ctx.extendDeadline(-1)).toThrow(RangeError)
        await vi.advanceTimersByTimeAsync(149)
        seen.push(ctx.signal.aborted)
        await vi.advanceTimersByTimeAsync(1)
        seen.push(ctx.signal.aborted, ctx.extendDeadline(50))
      }
      await runProcessor({ process }, [{}], { processTimeoutMs: 100 })
      expect(seen).toEqual([1_000_100, true, 1_000_150, false, true, false])
      expect(late!.extendDeadline(50)).toBe(false)
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('an attempt that has ended, or was told to give up, extends nothing', async () => {
    let kept: ProcessContext | undefined
    const abort = new AbortController()
    const process = (_: unknown, ctx: ProcessContext) => {
      kept = ctx
      expect(ctx.extendDeadline(1)).toBe(true)
      if (ctx.idempotencyKey.endsWith('-0')) return
      abort.abort('revoked')
      expect(ctx.extendDeadline(1)).toBe(false)
    }
    await runProcessor({ process }, [{}])
    expect(kept!.extendDeadline(1)).toBe(false)
    expect(await runProcessor({ process }, [{ offset: 1 }], { signal: abort.signal })).toMatchObject([{ ok: true }])
  })

  test('60 seconds are the default, as in a work, and 0 is none', async () => {
    const seen: (number | undefined)[] = []
    const process = (_: unknown, ctx: ProcessContext) => void seen.push(ctx.deadline)
    const before = Date.now()
    await runProcessor({ process }, [{}])
    await runProcessor({ process }, [{}], { processTimeoutMs: 0 })
    expect(seen[0]).toBeGreaterThanOrEqual(before + 60_000)
    expect(seen[1]).toBeUndefined()
  })

  test.each(['revoked', 'shutdown', 'aborted'] as const)('giving up because of %s is no failure', async (reason) => {
    const abort = new AbortController()
    const running = runProcessor(patient, [{}], { signal: abort.signal, attempts: 3 })
    abort.abort(reason)
    const [outcome] = await running
    expect(outcome).toMatchObject({ ok: false, status: 'discarded', deadLetter: false, error: { reason } })
    expect(outcome.attempts).toHaveLength(1)
  })
})

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

test('hooks of a module come before the processor’s own, and what they throw is told and changes nothing', async () => {
  const seen: unknown[] = []
  const hooks = { preProcessing: () => ({ who: 'module' }) }
  const processor = {
    preProcessing: (_: unknown, ctx: { values: ContextValues }) => {
      seen.push(ctx.values.who)
      throw new Error('odd')
    },
    process: (_: unknown, ctx: ProcessContext) => void seen.push(ctx.values.who),
    postProcessing: (_: unknown, _ctx: unknown, end: { status: string }) => void seen.push(end.status),
  }
  const [outcome] = await runProcessor(processor, [{}], { hooks })
  expect(seen).toEqual(['module', 'module', 'done'])
  expect(outcome).toMatchObject({ ok: true, hookErrors: [{ hook: 'preProcessing', error: new Error('odd') }] })
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

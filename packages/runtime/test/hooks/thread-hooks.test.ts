import { json } from '@zk/formats'
import { expect, expectTypeOf, test, vi } from 'vitest'
import { z } from 'zod'
import type { HandlerEnd, HookContext, ThreadHooks } from '../../src/hooks/hook-types.js'
import { hookedProcessor } from '../../src/hooks/thread-hooks.js'
import { defineHooks, defineProcessor } from '../../src/processor.js'
import type { Message, Processor } from '../../src/processor-types.js'
import { lane, settled } from '../threads/lane.js'

interface Given extends Partial<Processor<unknown>> {
  module?: ThreadHooks
}

/** A lane with the hooks of a processor around its handler, and the order in which everything was called. */
function hooked({ module, process, ...given }: Given) {
  const faults: [hook: string, message: string][] = []
  const calls: string[] = []
  const processor: Processor<unknown> = {
    ...given,
    process(message, ctx) {
      calls.push(`process ${message.offset}`)
      return process?.(message, ctx)
    },
  }
  const wrapped = hookedProcessor(processor, {
    ...{ module, groupId: 'billing' },
    failed: (hook, error) => faults.push([hook, (error as Error).message]),
  })!
  const { format } = given
  const the = lane((message, ctx) => wrapped.process(message, ctx), {
    ...(format !== undefined && { format }),
    decodesItself: true,
    ...(wrapped.retryable !== undefined && { retryable: wrapped.retryable }),
  })
  return { ...the, calls, faults, wrapped }
}

test('a processor without hooks is run as it is', () => {
  const options = { module: undefined, groupId: 'g', failed: () => {} }
  expect(hookedProcessor({ process() {} }, options)).toBeUndefined()
  expect(hookedProcessor({ process() {} }, { ...options, module: {} })).toBeUndefined()
})

test('each is called once around each attempt, the module’s before the processor’s own', () => {
  const ends: HandlerEnd[] = []
  const order: string[] = []
  const { send, acks, calls } = hooked({
    module: {
      preProcessing: () => void order.push('module before'),
      postProcessing: () => void order.push('module after'),
    },
    preProcessing: () => void order.push('own before'),
    postProcessing: (_message, _ctx, end) => {
      order.push('own after')
      ends.push(end)
    },
    process: () => void order.push('handler'),
  })
  send([0])
  expect(order).toEqual(['module before', 'own before', 'handler', 'module after', 'own after'])
  expect(calls).toEqual(['process 0'])
  expect(ends).toEqual([{ status: 'done', error: undefined, durationMs: expect.any(Number) }])
  expect(acks).toEqual([[0, 0]])
})

test('what a hook in a thread gets says which record, attempt, group and virtual partition it is, and cannot send', () => {
  const seen: [Message<unknown>, HookContext][] = []
  hooked({ preProcessing: (message, ctx) => void seen.push([message, ctx]) }).send([3], { attempt: 2 })
  const [message, ctx] = seen[0]!
  expect(message).toMatchObject({ topic: 'orders', partition: 0, offset: 3 })
  expect(ctx).toMatchObject({ groupId: 'billing' })
  expect([ctx.attempt, ctx.virtualPartition, ctx.idempotencyKey]).toEqual([2, 0, 'orders-0-3'])
  expect('send' in ctx).toBe(false)
})

test('values that preProcessing returns, or puts there, are the handler’s, and end with the attempt', () => {
  const seen: unknown[] = []
  const { send } = hooked({
    module: { preProcessing: () => ({ a: 1, b: 1 }) },
    preProcessing: (message, { values }) => {
      values.offset = message.offset
      return { b: 2 }
    },
    process: (_message, { values }) => void seen.push(values),
  })
  send([0, 1])
  expect(seen).toEqual([
    { a: 1, b: 2, offset: 0 },
    { a: 1, b: 2, offset: 1 },
  ])
})

const misbehaving: [string, () => unknown, string][] = [
  [
    'throws',
    () => {
      throw new Error('mine')
    },
    'mine',
  ],
  ['rejects', () => Promise.reject(new Error('mine')), 'mine'],
  ['never settles', () => new Promise(() => {}), ''],
]

test.each(misbehaving)(
  'a preProcessing that %s does not keep the handler from running, nor the record from being done',
  async (_how, misbehave, message) => {
    const { send, calls, acks, faults } = hooked({ preProcessing: misbehave as never })
    send([0])
    await settled()
    expect(calls).toEqual(['process 0'])
    expect(acks).toEqual([[0, 0]])
    expect(faults).toEqual(message === '' ? [] : [['preProcessing', message]])
  },
)

test.each(misbehaving)(
  'a postProcessing that %s makes no failure of a record that is done',
  async (_how, misbehave, message) => {
    const { send, acks, failures, faults } = hooked({ postProcessing: misbehave as never })
    send([0])
    await settled()
    expect(acks).toEqual([[0, 0]])
    expect(failures).toEqual([])
    expect(faults).toEqual(message === '' ? [] : [['postProcessing', message]])
  },
)

test.each([
  ['a number', () => 5, 'it returned number; expected an object of values'],
  [
    'a getter that throws',
    () => ({
      get a() {
        throw new Error('the getter’s')
      },
    }),
    'the getter’s',
  ],
  [
    'a promise of values',
    async () => ({ a: 1 }),
    'it resolved with an answer, which was needed at once: the record had gone on',
  ],
])('a preProcessing that returns %s has failed, and the handler runs without', async (_what, answer, message) => {
  const seen: unknown[] = []
  const { send, acks, faults } = hooked({
    preProcessing: answer as never,
    process: (_message, { values }) => void seen.push(values),
  })
  send([0])
  await settled()
  expect([seen, acks, faults]).toEqual([[{}], [[0, 0]], [['preProcessing', message]]])
})

test.each([
  [
    'throws',
    () => {
      throw new Error('the handler’s')
    },
  ],
  ['rejects', () => Promise.reject(new Error('the handler’s'))],
])('postProcessing hears of a handler that %s, once, and the failure is the handler’s', async (_how, process) => {
  const ends: HandlerEnd[] = []
  const { send, failures } = hooked({ process, postProcessing: (_message, _ctx, end) => void ends.push(end) })
  send([0])
  await settled()
  expect(ends).toEqual([{ status: 'failed', error: new Error('the handler’s'), durationMs: expect.any(Number) }])
  expect(failures.map(({ error }) => error.message)).toEqual(['the handler’s'])
})

test('bytes that do not decode fail between the hooks, and the handler is not called', () => {
  const ends: HandlerEnd[] = []
  const before = vi.fn()
  const { send, calls, failures } = hooked({
    format: json(),
    preProcessing: () => before(),
    postProcessing: (_message, _ctx, end) => void ends.push(end),
  })
  send([0])
  expect(before).toHaveBeenCalledTimes(1)
  expect(calls).toEqual([])
  expect(ends).toMatchObject([{ status: 'failed', error: { name: 'FormatError' } }])
  expect(failures).toHaveLength(1)
})

test('a handler that is told to give up is heard of by postProcessing when it really ends', async () => {
  const ends: HandlerEnd[] = []
  const { executor, send, failures } = hooked({
    process: (_message, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => setTimeout(() => reject(signal.reason), 2)),
      ),
    postProcessing: (_message, _ctx, end) => void ends.push(end),
  })
  send([0])
  executor.abort([0], 'shutdown')
  expect(ends).toEqual([])
  await settled()
  expect(ends).toMatchObject([{ status: 'failed', error: { name: 'AbortError', reason: 'shutdown' } }])
  expect(failures).toEqual([])
})

test('retryable of the processor is still asked, as its own', () => {
  class Mine implements Processor<unknown> {
    #asked = 0
    postProcessing() {}
    process() {
      throw new Error('no')
    }
    retryable() {
      this.#asked++
      return this.#asked > 5
    }
  }
  const wrapped = hookedProcessor(new Mine(), { module: undefined, groupId: 'g', failed: () => {} })!
  expect(wrapped.retryable!(new Error('x'))).toBe(false)
})

test('hooks of a processor are typed by its format and its state, those of a module as it says', () => {
  const { preProcessing } = defineProcessor({
    format: json(z.object({ amount: z.number() })),
    setup: () => ({ limit: 5 }),
    preProcessing(message, ctx) {
      expectTypeOf(message.value).toEqualTypeOf<{ amount: number } | null>()
      expectTypeOf(ctx.state).toEqualTypeOf<{ limit: number }>()
      return { isLarge: (message.value?.amount ?? 0) > ctx.state.limit }
    },
    process(_message, ctx) {
      expectTypeOf(ctx.values).toEqualTypeOf<Record<string, unknown>>()
    },
  })
  expect(preProcessing).toBeTypeOf('function')
  const { postProcessing } = defineHooks<unknown, { limit: number }>({
    postProcessing: (_message, ctx) => void expectTypeOf(ctx.state).toEqualTypeOf<{ limit: number }>(),
  })
  expect(postProcessing).toBeTypeOf('function')
})

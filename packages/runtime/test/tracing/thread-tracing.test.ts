import { propagation, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { InMemorySpanExporter, type Sampler, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { afterEach, expect, test } from 'vitest'
import { HeaderList } from '../../src/header-list.js'
import type { OutgoingRecord, Processor } from '../../src/processor-types.js'
import { DeliveryContext, type Surroundings } from '../../src/threads/delivery-context.js'
import type { FrameMessage } from '../../src/threads/message.js'
import type { DeliverySends } from '../../src/threads/sends.js'
import { ThreadTracing } from '../../src/tracing/thread-tracing.js'

const PRODUCER = 'b7ad6b7169203331'
const message = {
  ...{ topic: 'orders', partition: 0, offset: 7, key: null, rawValue: Buffer.from('v'), value: 'v' },
  headers: new HeaderList([['traceparent', Buffer.from(`00-0af7651916cd43dd8448eb211c80319c-${PRODUCER}-01`)]]),
} as unknown as FrameMessage<unknown>

afterEach(() => {
  trace.disable()
  propagation.disable()
})

/** A thread with a provider, and without a context manager: nothing is ever active. */
function thread(process: Processor<unknown>['process'], sampler?: Sampler) {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(sampler !== undefined && { sampler }),
  })
  provider.register({ contextManager: null, propagator: new W3CTraceContextPropagator() })
  const faults: unknown[] = []
  const setup = { groupId: 'g', clientId: 'c', propagates: true }
  const tracing = new ThreadTracing(setup, (error) => void faults.push(error))
  const sent: OutgoingRecord<unknown>[] = []
  const context = (ticket: number) => {
    const delivery = new DeliveryContext({ threadIndex: 0, tracing } as unknown as Surroundings, message, ticket, 1, 1)
    delivery.sends = {
      send: async (_: string, record: OutgoingRecord<unknown>) => {
        sent.push(record)
        return { partition: 0, offset: 3 }
      },
      abandon: () => {},
    } as unknown as DeliverySends
    return delivery
  }
  return {
    traced: tracing.around({ process }, true),
    tracing,
    context,
    sent,
    faults,
    spans: () => exporter.getFinishedSpans(),
  }
}

test('what a handler sends belongs to its attempt, also where nothing is active', async () => {
  const { traced, context, sent, spans } = thread(async (_, ctx) => {
    await ctx.send('out', { value: 'x', headers: { own: 'yes' } })
  })
  await traced.process(message, context(4))
  const [send, process] = spans()
  expect([send!.name, process!.name]).toEqual(['send out', 'process orders'])
  expect(process!.parentSpanContext?.spanId).toBe(PRODUCER)
  expect(send!.parentSpanContext?.spanId).toBe(process!.spanContext().spanId)
  const { traceId, spanId } = send!.spanContext()
  expect(Array.from(sent[0]!.headers as HeaderList, ([name, value]) => `${name}: ${value}`)).toEqual([
    'own: yes',
    `traceparent: 00-${traceId}-${spanId}-01`,
  ])
})

test('what cannot be sent fails its span, and throws as it would without one', () => {
  const { traced, context, spans } = thread(
    (_, ctx) => void ctx.send('out', { value: 'x', headers: { own: 1 as never } }),
  )
  expect(() => traced.process(message, context(0))).toThrow(/header "own" is 1/)
  expect(spans().map(({ attributes }) => attributes['error.type'])).toEqual(['ZK_SEND_INVALID', 'ZK_SEND_INVALID'])
})

test.each(['revoked', 'timeout'] as const)('a handler that gives up because of %s', async (reason) => {
  const { traced, context, spans } = thread(async (_, ctx) => ctx.signal.throwIfAborted())
  const delivery = context(0)
  delivery.abort(reason)
  await expect(traced.process(message, delivery)).rejects.toThrow()
  const [{ status, attributes }] = spans() as [ReturnType<typeof spans>[number]]
  // What is not wanted any more has not failed.
  expect([status.code, attributes['zk.abort.reason']]).toEqual(reason === 'timeout' ? [2, undefined] : [0, reason])
})

test('of an attempt that failed its place is kept, of one that is done nothing', async () => {
  const { traced, tracing, context, spans } = thread((_, ctx) => {
    if (ctx.attempt === 1) throw new Error('no')
  })
  expect(() => traced.process(message, context(2))).toThrow('no')
  expect(tracing.spanOf(2)).toMatchObject({ spanId: spans()[0]!.spanContext().spanId })
  expect(tracing.spanOf(3)).toBeUndefined()

  const fine = thread(() => {})
  const delivery = fine.context(2)
  delivery.sends = undefined
  expect(fine.traced.process(message, delivery)).toBeUndefined()
  expect(fine.tracing.spanOf(2)).toBeUndefined()
})

test('a provider that throws changes nothing for the handler, and is told', async () => {
  const broken = {
    shouldSample: () => {
      throw new Error('broken')
    },
    toString: () => 'broken',
  }
  let ran = 0
  const { traced, context, sent, faults } = thread(async (_, ctx) => {
    ran++
    await ctx.send('out', { value: 'x' })
  }, broken)
  await traced.process(message, context(0))
  expect([ran, sent, faults.length]).toEqual([1, [{ value: 'x' }], 2])
})

test('a value that does not decode fails its span, and its handler is not called', () => {
  let ran = 0
  const { tracing, context, spans } = thread(() => {})
  const decode = () => {
    throw new Error('no text')
  }
  const format = { name: 'none', decode, encode: () => Buffer.alloc(0) }
  const traced = tracing.around({ format, process: () => void ran++ }, true)
  const undecodable = Object.create(message, { value: { get: decode } }) as typeof message
  expect(() => traced.process(undecodable, context(0))).toThrow('no text')
  expect([ran, spans()[0]!.status]).toEqual([0, { code: 2, message: 'no text' }])
})

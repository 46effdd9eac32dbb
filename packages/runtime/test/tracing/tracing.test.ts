import * as api from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { loadOtel, type OtelApi } from '../../src/tracing/otel.js'
import { shownKey } from '../../src/tracing/shown-key.js'
import { contextOf, placeOf } from '../../src/tracing/trace-place.js'
import { openTracing, type TracingOptions } from '../../src/tracing/tracing.js'
import { recordingProvider } from './spans.js'

const CONSUMER = api.SpanKind.CONSUMER
const PRODUCER = api.SpanKind.PRODUCER

function opened(more: Partial<TracingOptions> = {}) {
  const { tracer, propagator, spans } = recordingProvider()
  const faults: unknown[] = []
  const failed = (error: unknown) => void faults.push(error)
  return { tracing: openTracing({ tracer, propagator, clientId: 'me', failed, ...more })!, spans, faults }
}

test('the module that we load is the program’s own, and has what we call', () => {
  const typed: OtelApi = api
  expect(loadOtel().trace).toBe(typed.trace)
})

test('without a tracer there is nothing to ask', () => {
  expect(openTracing({ tracer: false, propagator: true, clientId: 'me', failed: () => {} })).toBeUndefined()
})

test('the span of a write has the names of the conventions, and is found again from the headers', () => {
  const { tracing, spans } = opened()
  const span = tracing.startWrite('orders', 3)!
  const record = { topic: 'orders', partition: 3, key: Buffer.from('k'), value: null, headers: [], timestamp: -1 }
  const headed = span.headed({ ...record, headers: [['traceparent', Buffer.from('stale')]] })
  span.acknowledged({ partition: 3, offset: 42 })
  const [seen] = spans()
  expect(seen).toMatchObject({ name: 'send orders', kind: PRODUCER, parentSpanId: undefined, status: { code: 0 } })
  expect(seen!.attributes).toEqual({
    'messaging.system.name': 'kafka',
    'messaging.system': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders',
    'messaging.client.id': 'me',
    'messaging.destination.partition.id': '3',
    'kafka.offset': 42,
    'kafka.message.key': 'k',
    'kafka.message.tombstone': true,
  })
  expect(headed.headers.map(([name, value]) => `${name}: ${value}`)).toEqual([
    `traceparent: 00-${seen!.traceId}-${seen!.spanId}-01`,
  ])
})

test('a write that fails says why on its span', () => {
  const { tracing, spans } = opened()
  tracing.startWrite('orders', undefined)!.failed(Object.assign(new Error('too large'), { code: 'ZK_WRITE_FAILED' }))
  tracing.startWrite('orders', undefined)!.failed('a text')
  expect(spans().map(({ status, attributes }) => [status, attributes['error.type']])).toEqual([
    [{ code: api.SpanStatusCode.ERROR, message: 'too large' }, 'ZK_WRITE_FAILED'],
    [{ code: api.SpanStatusCode.ERROR, message: 'a text' }, 'string'],
  ])
})

test('nothing is written to headers, nor read from them, without a propagator', () => {
  const { tracing } = opened({ propagator: false })
  expect(tracing.startWrite('orders', undefined)!.headers).toEqual([])
  expect(
    tracing.extract([['traceparent', Buffer.from('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')]]),
  ).toBe(api.ROOT_CONTEXT)
})

test('what a tracer or a propagator throws is told, and is no matter of the record', () => {
  const broken = () => {
    throw new Error('broken')
  }
  const { tracing, faults } = opened({ tracer: { startSpan: broken }, propagator: { inject: broken, extract: broken } })
  expect(tracing.startWrite('orders', undefined)).toBeUndefined()
  expect(tracing.extract([])).toBe(api.ROOT_CONTEXT)
  expect(faults).toHaveLength(2)

  const { tracer } = recordingProvider()
  const late = opened({ tracer: { startSpan: (name) => Object.assign(tracer.startSpan(name), { end: broken }) } })
  late.tracing.startWrite('orders', undefined)!.acknowledged({ partition: 0, offset: 0 })
  late.tracing.startWrite('orders', undefined)!.failed(new Error('refused'))
  expect(late.faults).toHaveLength(2)
})

test('a span goes from thread to thread as plain data, with its state', () => {
  const traceState = api.createTraceState('a=1,b=2')
  const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1, traceState }
  const place = structuredClone(placeOf(span)!)
  const there = api.trace.getSpanContext(contextOf(loadOtel(), api.ROOT_CONTEXT, place) as api.Context)!
  expect({ ...there, traceState: there.traceState!.serialize() }).toEqual({
    ...span,
    traceState: 'a=1,b=2',
    isRemote: true,
  })
  expect(placeOf(api.INVALID_SPAN_CONTEXT)).toBeUndefined()
})

test('a key is told where it is text', () => {
  expect(
    [Buffer.from('Größe'), 'text', Buffer.from([0xff]), Buffer.from('a\0b'), 'x'.repeat(257), null].map(shownKey),
  ).toEqual(['Größe', 'text', undefined, undefined, undefined, undefined])
  expect(CONSUMER).toBe(loadOtel().SpanKind.CONSUMER)
})

import { propagation, ROOT_CONTEXT, type TextMapPropagator, type TextMapSetter, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { expect, test } from 'vitest'
import { HeaderList } from '../../src/header-list.js'
import { headerGetter, writtenBy } from '../../src/tracing/trace-headers.js'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const read = () =>
  new HeaderList([
    ['other', Buffer.from('x')],
    ['traceparent', Buffer.from('stale')],
    ['traceparent', Buffer.from(TRACEPARENT)],
    ['empty', null],
  ])

test('a propagator finds a header of a record that was read by its exact name, the last of several', () => {
  expect(headerGetter.get(read(), 'traceparent')).toBe(TRACEPARENT)
  expect(headerGetter.get(read(), 'Traceparent')).toBeUndefined()
  expect(headerGetter.get(read(), 'empty')).toBeUndefined()
  const found = new W3CTraceContextPropagator().extract(ROOT_CONTEXT, read(), headerGetter)
  expect(trace.getSpanContext(found)).toMatchObject({ traceId: TRACEPARENT.slice(3, 35), isRemote: true })
})

test('a propagator sees the name of each header of a record that was read, once', () => {
  expect(headerGetter.keys(read())).toEqual(['other', 'traceparent', 'empty'])
  expect(headerGetter.keys(new HeaderList([]))).toEqual([])
})

test('a propagator that reads cannot change what was read', () => {
  const headers = read()
  const meddler: TextMapPropagator = {
    fields: () => ['traceparent'],
    inject: () => {},
    extract(context, carrier, getter) {
      const given = getter.get(carrier, 'traceparent') as string
      ;(getter as unknown as Partial<TextMapSetter>).set?.(carrier, 'traceparent', `${given}!`)
      getter.keys(carrier).push('more')
      return context
    },
  }
  meddler.extract(ROOT_CONTEXT, headers, headerGetter)
  expect(Array.from(headers, ([name, value]) => [name, value?.toString()])).toEqual([
    ['other', 'x'],
    ['traceparent', 'stale'],
    ['traceparent', TRACEPARENT],
    ['empty', undefined],
  ])
})

test('what a propagator writes are headers, and the later takes the place of the earlier of its name', () => {
  const written = writtenBy((carrier, setter) => {
    setter.set(carrier, 'traceparent', 'first')
    setter.set(carrier, 'tracestate', 'a=1')
    setter.set(carrier, 'traceparent', TRACEPARENT)
  })
  expect(written.map(([name, value]) => [name, value?.toString()])).toEqual([
    ['tracestate', 'a=1'],
    ['traceparent', TRACEPARENT],
  ])
})

test('the getter is one of OpenTelemetry’s', () => {
  // The types agree, too.
  expect(propagation.extract(ROOT_CONTEXT, read(), headerGetter)).toBe(ROOT_CONTEXT)
})

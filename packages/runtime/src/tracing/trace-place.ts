/** A span as plain data, which can go from thread to thread. */
import type { OtelApi, SpanContext, TraceContext } from './otel.js'

export interface TracePlace {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  readonly traceState?: string
}

/** @returns undefined for a span of nobody: without a provider, of a record that came without a context */
export function placeOf({ traceId, spanId, traceFlags, traceState }: SpanContext): TracePlace | undefined {
  if (/^0*$/.test(traceId)) return undefined
  const state = traceState?.serialize()
  return { traceId, spanId, traceFlags, ...(state && { traceState: state }) }
}

/** @param from what else travels along, such as baggage */
export function contextOf(api: OtelApi, from: TraceContext, place: TracePlace): TraceContext {
  const { traceState, ...ids } = place
  const state = traceState === undefined ? {} : { traceState: api.createTraceState(traceState) }
  return api.trace.setSpanContext(from, { ...ids, ...state, isRemote: true })
}

/**
 * What we use of `@opentelemetry/api`, which is an optional peer: types of our own, so that programs without it compile, and
 * the module itself, loaded when somebody wants traces.
 */
import { createRequire } from 'node:module'
import { errors } from '../errors.js'
import type { Attributes } from './semconv.js'

export interface SpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  readonly isRemote?: boolean
  readonly traceState?: { serialize(): string }
}

export interface Span {
  spanContext(): SpanContext
  setAttribute(name: string, value: string | number | boolean): unknown
  setStatus(status: { code: number; message?: string }): unknown
  recordException(exception: Error | string): void
  end(): void
}

/** What travels with the calls of a program: made and read by the API alone. */
export interface TraceContext {
  getValue(key: symbol): unknown
}

/** A tracer of OpenTelemetry, as `trace.getTracer` gives it. */
export interface TracerLike {
  startSpan(name: string, options?: { kind?: number; attributes?: Attributes }, context?: TraceContext): Span
}

export interface HeaderGetter {
  get(carrier: unknown, name: string): string | undefined
  keys(carrier: unknown): string[]
}

export interface HeaderSetter {
  set(carrier: unknown, name: string, value: string): void
}

/** A propagator of OpenTelemetry, such as `W3CTraceContextPropagator`. */
export interface PropagatorLike {
  inject(context: TraceContext, carrier: unknown, setter: HeaderSetter): void
  extract(context: TraceContext, carrier: unknown, getter: HeaderGetter): TraceContext
}

/** The parts of the module that we call. */
export interface OtelApi {
  readonly trace: {
    getTracer(name: string): TracerLike
    getTracerProvider(): object
    getSpan(context: TraceContext): Span | undefined
    setSpan(context: TraceContext, span: Span): TraceContext
    setSpanContext(context: TraceContext, span: SpanContext): TraceContext
  }
  readonly context: {
    active(): TraceContext
    with<R>(context: TraceContext, run: () => R): R
  }
  readonly propagation: PropagatorLike
  readonly ROOT_CONTEXT: TraceContext
  readonly SpanKind: { readonly PRODUCER: number; readonly CONSUMER: number }
  readonly SpanStatusCode: { readonly ERROR: number }
  createTraceState(text: string): { serialize(): string }
}

const MODULE = '@opentelemetry/api'

/** At once, because writers are made at once. @throws ZkError ZK_TRACING_UNAVAILABLE */
export function loadOtel(): OtelApi {
  try {
    return createRequire(import.meta.url)(MODULE) as OtelApi
  } catch (cause) {
    throw errors.ZK_TRACING_UNAVAILABLE(MODULE, { cause })
  }
}

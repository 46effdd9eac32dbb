/** A provider of OpenTelemetry whose spans a test can look at. */
import type { Attributes } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

export interface SeenSpan {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  attributes: Attributes
  status: { code: number; message?: string }
}

export function recordingProvider() {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  return {
    provider,
    tracer: provider.getTracer('test'),
    propagator: new W3CTraceContextPropagator(),
    /** Those that have ended, in that order. */
    spans: () =>
      exporter.getFinishedSpans().map((span): SeenSpan => {
        const { name, kind, attributes, status } = span
        const { traceId, spanId } = span.spanContext()
        return { name, kind, traceId, spanId, parentSpanId: span.parentSpanContext?.spanId, attributes, status }
      }),
  }
}

/** What a user preloads by `--import`: the same file in the main thread and in each worker thread. Spans go to the file JOURNAL. */
import { appendFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { traceId, spanId } = span.spanContext()
      const line = { name: span.name, traceId, spanId, parentSpanId: span.parentSpanContext?.spanId, isMainThread }
      appendFileSync(process.env.JOURNAL, `${JSON.stringify(line)}\n`)
    }
    done({ code: 0 })
  },
  shutdown: async () => {},
}
new NodeTracerProvider({
  spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 600_000 })],
}).register()

/**
 * Registers a provider of OpenTelemetry in its thread, whose spans are written down: one line of JSON each. The value of a record
 * says what the handler does: `bad` fails each time, `once` at the first attempt, `exit` ends the thread, `own` makes a span of its
 * own and logs, `send` sends the record on to `out` with its headers, `unsent` to a topic that there is not. What is not decoded by
 * its format is `undecoded`.
 */
import { appendFileSync } from 'node:fs'
import { trace } from '@opentelemetry/api'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

let journal
const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { name, kind, attributes, status, parentSpanContext } = span
      const { traceId, spanId } = span.spanContext()
      const line = { name, kind, traceId, spanId, parentSpanId: parentSpanContext?.spanId, attributes, status }
      appendFileSync(journal, `${JSON.stringify(line)}\n`)
    }
    done({ code: 0 })
  },
  shutdown: async () => {},
}
// Exported at the end of the thread, if the runtime sees to it.
const late = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 600_000 })
new NodeTracerProvider({ spanProcessors: [late] }).register()

export default {
  format: {
    name: 'text',
    decode(bytes) {
      const text = Buffer.from(bytes).toString()
      if (text === 'undecoded') throw new Error('no text of ours')
      return text
    },
    encode: (text) => Buffer.from(text),
  },

  setup({ options }) {
    journal = options.journal
    return options
  },

  async process(message, ctx) {
    const { value } = message
    if (value === 'bad' || (value === 'once' && ctx.attempt === 1)) throw new RangeError(`the value says ${value}`)
    if (value === 'exit') {
      await new Promise(setImmediate)
      process.exit(7)
    }
    if (value === 'own') {
      await null
      trace.getTracer('mine').startSpan('mine').end()
    }
    if (value === 'send') {
      await null
      await ctx.send(ctx.state.out, { key: message.key, value, headers: message.headers })
    }
    // Not awaited: its failure is the record's.
    if (value === 'unsent') ctx.send(ctx.state.out, { value, partition: 99 })
  },
}

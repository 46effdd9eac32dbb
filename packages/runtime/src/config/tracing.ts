/** The fields `tracer` and `propagator`, of clients, works and writers. */
import { z } from 'zod'
import type { PropagatorLike, TracerLike } from '../tracing/otel.js'
import { isObjectWith } from './client-parts.js'
import { documented } from './fields.js'

const tracer = z.union([z.boolean(), z.custom<TracerLike>(isObjectWith(['startSpan']))]).optional()
const propagator = z.union([z.boolean(), z.custom<PropagatorLike>(isObjectWith(['inject', 'extract']))]).optional()

interface Words {
  group: string
  /** Whose spans they are. */
  of: string
  defaults: { tracer: string; propagator: string }
}

export function tracingFields({ group, of, defaults }: Words) {
  return {
    tracer: documented(tracer, {
      group,
      description:
        `Spans of OpenTelemetry for ${of}. \`true\`: of the provider that is registered with @opentelemetry/api, on the main ` +
        'thread as in each worker thread; a tracer: that one, on the main thread, which no function can leave. `false`: none, and nothing of ' +
        'OpenTelemetry is loaded. See the guide about tracing.',
      change: 'To see records in the traces of those who write them.',
      expected: 'true, false, or a tracer of OpenTelemetry',
      defaultText: defaults.tracer,
    }),
    propagator: documented(propagator, {
      group,
      description:
        'How trace context gets into the headers of what is written, and out of those of what is read, where `tracer` is not ' +
        '`false`. `true`: as registered with @opentelemetry/api; a propagator: that one, on the main thread. `false`: headers are ' +
        'neither read nor written.',
      change: '`false`, for topics whose readers should get no trace headers.',
      expected: 'true, false, or a propagator of OpenTelemetry',
      defaultText: defaults.propagator,
    }),
  }
}

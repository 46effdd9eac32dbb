/**
 * Every field of a work, with its default, its limits and its documentation; in the order of docs/configuration.md.
 *
 * Defaults are written where the fields are and nowhere else. A feature that does not exist has no field: a field that
 * was accepted and ignored would be believed.
 */
import { z } from 'zod'
import type { Hooks } from '../hooks/hook-types.js'
import type { PropagatorLike, TracerLike } from '../tracing/otel.js'
import type { OnDone } from '../work/done-callbacks.js'
import type { Connection } from './connection.js'
import type { DeadLetterTopicConfig } from './dead-letter-topic.js'
import { additionalProps, bootstrapServer, documented } from './fields.js'
import { hooks, hooksModule } from './hooks.js'
import { saslField } from './sasl.js'
import { tlsField } from './tls.js'
import { tracingFields } from './tracing.js'
import { boundFields } from './work-fields/bounds.js'
import { deadlineFields } from './work-fields/deadlines.js'
import { failureFields } from './work-fields/failure.js'
import { groupFields } from './work-fields/group.js'
import { inputFields } from './work-fields/input.js'
import { threadFields } from './work-fields/threads.js'

const Callbacks = 'Callbacks'
const Brokers = 'Brokers'
const Kafka = "librdkafka's own properties"

export const workSchema = z.strictObject({
  ...inputFields,
  ...threadFields,
  ...groupFields,
  ...deadlineFields,
  ...boundFields,
  ...failureFields,

  onDone: documented(
    z
      .custom<OnDone | readonly OnDone[]>((value) => [value].flat().every((one) => typeof one === 'function'))
      .optional(),
    {
      group: Callbacks,
      description:
        'Called as `onDone(message, outcome)` after each record has its final outcome and its offset is completed; the ' +
        "factory's `onDone` first, then the work's, in their order. `message` has topic, partition, offset, timestamp, key " +
        'and headers; `outcome` has `status` (`done`, `failed` or `dead-lettered`), `attempts`, `durationMs` where it is ' +
        'known, and `cause` and `error` of a failure. It runs on the main thread, so it must be quick. What it throws or ' +
        'rejects with is logged and counted (`zk_callback_errors_total`), and changes nothing.',
      change:
        'For metrics and audits by record. Effects belong in the processor: a crash may come before the callback.',
      expected: 'a function, or an array of functions',
      defaultText: 'none',
    },
  ),

  hooks,
  hooksModule,
  ...tracingFields({
    group: Callbacks,
    of: 'each attempt of a handler, each of its outputs, and each dead letter',
    defaults: { tracer: "the client's `tracer`", propagator: "the client's `propagator`" },
  }),
  bootstrapServers: documented(z.array(bootstrapServer).min(1).optional(), {
    group: Brokers,
    description:
      "Brokers to start from, if they are not the client's. `sasl` and `tls` are the client's then too, unless they are given.",
    change: 'For a work on another cluster.',
    expected: 'an array of host:port',
    defaultText: "the client's",
  }),
  sasl: documented(saslField, {
    group: Brokers,
    description:
      "Who this work is to the brokers. Each field that is not given is the client's, so a work may have its own `username` and " +
      '`password`, or its own `password` only. `false`: no SASL, also where the client has it.',
    change: 'For a work with rights of its own.',
    expected: 'false, or an object of mechanism, username, password, token',
    defaultText: "the client's",
    partsElsewhere: true,
  }),
  tls: documented(tlsField, {
    group: Brokers,
    description: "How this work's connections are encrypted. It replaces the client's as a whole.",
    change: 'For a work with a certificate of its own, or on another cluster.',
    expected: 'true, false, or an object of ca, cert, key, passphrase, verifyCertificate, verifyHostname',
    defaultText: "the client's",
    partsElsewhere: true,
  }),

  additionalProps: documented(additionalProps.default({}), {
    group: Kafka,
    description:
      "librdkafka properties for this work's consumer and producer, as in librdkafka's CONFIGURATION.md; each gets those that it knows. They take precedence over the " +
      "client's. `session.timeout.ms`, `max.poll.interval.ms`, `auto.commit.interval.ms`, `group.protocol` and " +
      '`queued.max.messages.kbytes`, given here or for the client, take precedence over the fields for them.',
    change: 'For what no field covers.',
    expected: 'an object of texts, numbers and booleans',
  }),
})

/** What `create` takes. */
export type WorkInput = z.input<typeof workSchema>

/** Checked, with defaults, and with the values that `additionalProps` replace put in their fields. */
export type WorkConfig = Omit<
  z.output<typeof workSchema>,
  | 'topic'
  | 'topics'
  | 'clientId'
  | 'speedup'
  | 'onDone'
  | 'hooks'
  | 'tracer'
  | 'propagator'
  | 'deadLetterTopic'
  | keyof Connection
> &
  Connection & {
    topics: readonly string[]
    clientId: string
    speedup: number
    onDone: readonly OnDone[]
    hooks: Hooks
    tracer: boolean | TracerLike
    propagator: boolean | PropagatorLike
    deadLetterTopic?: DeadLetterTopicConfig | undefined
    /** Where `speedup` comes from, for the start log. */
    speedupReason: string
  }

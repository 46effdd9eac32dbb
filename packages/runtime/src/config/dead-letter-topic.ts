/** The field `deadLetterTopic`: a name, or a name with what goes with it. */
import { z } from 'zod'
import { documented, topicName, whole } from './fields.js'
import { isPattern } from './topic-pattern.js'

const group = 'Failure'
const stackBytes = whole(0, 1_048_576, 'bytes')
const window = whole(1, 1_000_000, 'records')

const deadLetterTopicSchema = z.strictObject({
  topic: documented(
    topicName.refine((topic) => !isPattern(topic), 'is a pattern; expected the name of one topic'),
    {
      group,
      description: 'The dead letter topic. It is not one of those that the work reads.',
      change: 'Required.',
      expected: 'a topic name',
    },
  ),
  headerStyle: documented(z.enum(['zk', 'spring', 'connect']).default('zk'), {
    group,
    description:
      'How origin and cause are written beside the headers of the record. `zk`: the names of KIP-1191 ' +
      '(`__dlq.errors.topic`, `partition`, `offset`, `group`, `delivery.count`, `message`) and `zk.dlt.exception`, `zk.dlt.stack`, ' +
      'all text. `spring`: `kafka_dlt-original-topic` and the others of Spring for Apache Kafka, numbers as big-endian ' +
      'bytes. `connect`: `__connect.errors.topic` and the others of Kafka Connect. In every style `zk.dlt.cause` and ' +
      '`zk.dlt.timestamp` say why and when.',
    change: 'For consumers of dead letters that know one of the other styles. `spring` needs @zk/native.',
    expected: "'zk', 'spring' or 'connect'",
  }),
  oversized: documented(z.enum(['truncate', 'stop']).default('truncate'), {
    group,
    description:
      'What happens to a record that is too large for the dead letter topic. `truncate`: it goes there without its ' +
      'value, whose size in bytes is in the header `zk.dlt.value.dropped` (and without its own headers, if it has to be). ' +
      '`stop`: it stays uncommitted and the work stops with ZK_DEAD_LETTER_TOO_LARGE (exit code 4).',
    change:
      '`stop`, when no value may be lost; better, give the topic a `max.message.bytes` above that of its sources.',
    expected: "'truncate' or 'stop'",
  }),
  maxStackBytes: documented(stackBytes.schema.default(4096), {
    group,
    description: 'Most bytes of the header with the stack, that of its causes included. 0 leaves it off.',
    change: 'Lower it where values fill the topic’s `max.message.bytes` nearly; raise it for deep stacks.',
    expected: stackBytes.expected,
  }),
  maxDeadLetterRatio: documented(z.number().min(0).max(1).optional(), {
    group,
    description:
      'Above this part of dead letters among the latest `ratioWindow` records the work stops with ZK_DEAD_LETTER_FLOOD ' +
      '(exit code 4), instead of emptying the topic. It looks from the hundredth record on.',
    change: 'For works whose records seldom fail: 0.1 stops a work whose database is gone.',
    expected: 'a number from 0 to 1',
    defaultText: 'none: any number of records may become dead letters',
  }),
  ratioWindow: documented(window.schema.default(1_000), {
    group,
    description: 'How many of the latest records count for `maxDeadLetterRatio`.',
    change: 'Lower it to stop sooner; raise it for failures that come in bursts.',
    expected: window.expected,
  }),
})

export type DeadLetterTopicInput = string | false | z.input<typeof deadLetterTopicSchema>
export type DeadLetterTopicConfig = z.output<typeof deadLetterTopicSchema>

export const deadLetterTopic = documented(
  z
    .preprocess(
      (given) => (typeof given === 'string' ? { topic: given } : given === false ? undefined : given),
      deadLetterTopicSchema.optional(),
    )
    .optional() as unknown as z.ZodOptional<z.ZodType<DeadLetterTopicConfig | undefined, DeadLetterTopicInput>>,
  {
    group,
    description:
      'Where records go that failed for good: key, value, headers and timestamp as they were, with headers that say where ' +
      'they come from and why. Without @zk/native header values that are null or no text are left out; how many, is in ' +
      '`zk.dlt.headers.dropped`. A name, or an object; `false` for none where the factory has one. The brokers acknowledge a dead letter before its offset completes; while ' +
      'they do not, it is tried again and the work reports that it is not ready. `zk dlt` reads and replays it.',
    change: 'Give one, unless failed records may be passed over (`onExhausted`).',
    expected: 'a topic name, false, or an object with topic',
    defaultText: 'none',
  },
)

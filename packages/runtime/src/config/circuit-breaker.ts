/** The field `circuitBreaker`: false, or an object with its numbers. */
import { z } from 'zod'
import { documented, milliseconds, whole } from './fields.js'

const group = 'Failure'
const after = whole(1, 1_000_000, 'failures')

const circuitBreakerSchema = z.strictObject({
  after: documented(after.schema.default(6), {
    group,
    description:
      'Failures in a row that open the circuit. Only final outcomes count, in the order in which they come; an error with ' +
      '`disableCircuitBreak` counts as a success.',
    change: 'Raise it for records that fail in rows for reasons of their own.',
    expected: after.expected,
  }),
  forMs: milliseconds(60_000, {
    group,
    description:
      'How long the circuit stays open, in milliseconds (up to 100 ms longer). Then one record is tried, and that attempt ' +
      'closes the circuit or opens it again, also where the record has attempts left.',
    change: 'To the time in which what the handlers call usually recovers.',
  }),
  scope: documented(z.enum(['work', 'partition']).default('work'), {
    group,
    description: '`work`: one circuit for all partitions. `partition`: one for each, and the others go on.',
    change: '`partition`, when partitions depend on different things, such as one database each.',
    expected: "'work' or 'partition'",
  }),
})

export const circuitBreaker = documented(z.union([z.literal(false), circuitBreakerSchema]).prefault({}), {
  group,
  description:
    'Stops starting records when too many have failed in a row, so that what handlers call can recover and the dead letter ' +
    'topic is not filled. While the circuit is open reading goes on up to the window, heartbeats and commits go on, and a ' +
    'shutdown does not wait for it.',
  change: '`false`, when failures are a property of records and not of what the handlers call.',
  expected: 'false, or an object of after, forMs, scope',
  defaultText: 'those of its fields',
})

/** The field `retry`: how often a record is tried, and how long its key waits between. */
import { z } from 'zod'
import { documented, milliseconds, nested, whole } from './fields.js'

const Failure = 'Failure'
const attempts = whole(1, 10_000, 'attempts')

export const retry = nested(
  {
    attempts: documented(attempts.schema.default(1), {
      group: Failure,
      description:
        'How often a record is tried in all, before its failure counts. Only its key waits meanwhile; its thread goes on ' +
        'with others. `ProcessError` with `retryable: false`, and the `retryable` of the processor, end it earlier. An ' +
        'attempt that brought its thread down counts too.',
      change: 'Raise it for handlers whose failures pass by themselves, such as those of a network.',
      expected: attempts.expected,
    }),
    backoffMs: milliseconds(
      100,
      {
        group: Failure,
        description:
          'How long the key waits before the second attempt, in milliseconds; it doubles with each one more.',
        change: 'Raise it to the time in which what failed usually recovers.',
      },
      0,
    ),
    maxBackoffMs: milliseconds(
      10_000,
      {
        group: Failure,
        description: 'The longest wait between two attempts, in milliseconds.',
        change:
          'Raise it for many attempts over a long outage. The records behind the key wait as long, and nothing above ' +
          'them is committed but in metadata.',
      },
      0,
    ),
    jitter: documented(z.number().min(0).max(1).default(0.5), {
      group: Failure,
      description:
        'The share of each wait that is left to chance, 0 to 1: with 0.5 it lasts between half of it and all of it, so ' +
        'that what failed together is not tried again together.',
      change: '0, for waits that can be foretold, as in tests.',
      expected: 'a number, 0 to 1',
    }),
  },
  {
    group: Failure,
    description:
      'Whether and when a record whose handler failed is tried again, in its thread and in its place: the records of its ' +
      'key wait behind it, those of other keys go on.',
    change: 'For handlers that call what can fail for a moment.',
  },
)

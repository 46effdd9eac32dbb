/** What becomes of a record that fails, or that has to wait. */
import { z } from 'zod'
import { circuitBreaker } from '../circuit-breaker.js'
import { crashJournal } from '../crash-journal.js'
import { deadLetterTopic } from '../dead-letter-topic.js'
import { documented, milliseconds } from '../fields.js'
import { retry } from '../retry.js'

const Failure = 'Failure'

export const failureFields = {
  retry,
  processDelayMs: milliseconds(
    0,
    {
      group: Failure,
      description:
        'How long after its timestamp a record starts at the soonest, in milliseconds. Records that are older start ' +
        'at once; a timestamp from the future counts as the time of reading, and a record without one is not delayed. A ' +
        'partition whose next record is not due is not read on; the others are. It starts up to 100 ms late.',
      change:
        'For topics of retries: a work that reads a dead letter topic and tries again after a while. Any length is fine, ' +
        'also beyond `maxPollIntervalMs`.',
    },
    0,
  ),
  circuitBreaker,
  onExhausted: documented(z.enum(['complete', 'stop']).default('complete'), {
    group: Failure,
    description:
      'What happens to a record whose handler failed for good, all attempts used up. `complete`: it is logged with topic, partition, offset and key, ' +
      'counted as failed, and its offset completes. `stop`: it stays uncommitted and the work stops with ' +
      'ZK_RECORD_FAILED (exit code 4).',
    change: '`stop`, when no record may be passed over.',
    expected: "'complete' or 'stop'",
  }),

  deadLetterTopic,
  crashJournal,
}

/** The field `batch`: how large the batches of a `processBatch` become. */
import { z } from 'zod'
import { defaultBatch } from './default-batch.js'
import { documented, whole } from './fields.js'

const group = 'Threads'
const size = whole(1, 100_000, 'messages')
const wait = whole(0, 10_000, 'milliseconds')

export const batch = documented(
  z
    .strictObject({
      maxSize: documented(size.schema.default(defaultBatch.maxSize), {
        group,
        description:
          'Most messages in one batch. A bulk insert gains most of what it can up to about 100 rows, and a batch that ' +
          'fails as a whole is tried message by message: the larger it is, the longer that takes. The window holds at ' +
          'least two batches for each that may run where `batch` is given, as far as `windowMessages` lets it.',
        change: 'Raise it, with `windowMessages` where that is given, for stores that like thousands of rows at once.',
        expected: size.expected,
      }),
      maxWaitMs: documented(wait.schema.default(defaultBatch.maxWaitMs), {
        group,
        description:
          'How long the first message of a batch waits for others, in milliseconds; 0: a batch starts with what there is. ' +
          'Under load nobody waits: while one batch runs, the next one gathers. The default is about what one insert takes, ' +
          'so that it hardly doubles the latency of a quiet topic.',
        change: 'Raise it when few large writes matter more than latency; 0 when every millisecond counts.',
        expected: wait.expected,
      }),
    })
    .optional(),
  {
    group,
    description:
      'For processors with `processBatch`: how many messages a batch has. `concurrency` is then the number of batches that one ' +
      'thread has in progress. Given for a processor with `process`, the work does not start (ZK_PROCESSOR_INVALID).',
    change: 'See its fields.',
    expected: 'an object of maxSize, maxWaitMs',
    defaultText: 'the defaults of its fields',
  },
)

/** The processor of a work, its threads, and what runs in them at once and in which order. */
import { z } from 'zod'
import { batch } from '../batch.js'
import { documented, milliseconds, moduleUrl, whole } from '../fields.js'

const Threads = 'Threads'

const speedup = whole(1, 1024, 'threads')
const concurrency = whole(1, 100_000, 'messages')
const maxHeapMb = whole(16, 1_048_576, 'MiB')
const maxExternalMb = whole(1, 1_048_576, 'MiB')

export const threadFields = {
  processor: documented(moduleUrl, {
    group: Threads,
    description:
      'The module with the handler. A relative path is resolved against the working directory; ' +
      "`new URL('./processor.js', import.meta.url)` is independent of it. TypeScript is compiled at the start, with the " +
      'files it imports by relative paths, to an ES module; types are not checked, and packages must be JavaScript.',
    change: 'Required.',
    expected: "a path, or a URL such as new URL('./processor.js', import.meta.url)",
  }),
  processorOptions: documented(z.unknown().optional(), {
    group: Threads,
    description:
      "Plain data for the processor: each thread's `setup(thread)` gets a copy as `thread.options`, of what it is at `create`.",
    change: 'For addresses, limits and switches. Connections and functions are made in `setup`.',
    expected: 'structured-cloneable data',
    defaultText: 'undefined',
  }),
  speedup: documented(speedup.schema.optional(), {
    group: Threads,
    description:
      'Number of worker threads. Keys are spread over them, whatever the number of partitions. Above twice the ' +
      'available CPUs a warning advises `concurrency`.',
    change:
      'Lower it when the machine does other work. For handlers that wait (HTTP, databases) raise `concurrency` instead.',
    expected: speedup.expected,
    defaultText: "the available CPUs, capped by the container's CPU quota; the start log says which",
  }),
  concurrency: documented(z.union([concurrency.schema, z.literal('auto')]).default(1), {
    group: Threads,
    description:
      'Messages of different keys that one thread has in progress at once; of `processBatch`, batches. Messages of one key always ' +
      'follow each other. With 1, a thread is wholly serial. With `auto` the number follows the handlers, the same for all threads: ' +
      'it starts at 1, rises while that gains throughput and the event loops have time, and falls when fewer do as much.',
    change:
      'Raise it to 10 to 1,000 for handlers that spend their time waiting; leave it for those that compute. `auto`, ' +
      'where the best number is not known, or changes with the service that is waited for.',
    expected: `${concurrency.expected}, or 'auto'`,
  }),
  maxConcurrency: documented(concurrency.schema.optional(), {
    group: Threads,
    description: "The most that `concurrency: 'auto'` rises to, in each thread.",
    change:
      'Lower it to what the service that handlers wait for may be asked at once, divided by all threads of all processes.',
    expected: concurrency.expected,
    defaultText: "1,000 with `concurrency: 'auto'`",
  }),
  batch,
  ordering: documented(z.enum(['key', 'partition', 'none']).default('key'), {
    group: Threads,
    description:
      'What must be processed in order: the records of one key in a partition, all records of a partition, or nothing. ' +
      'Records without a key have no order under `key`.',
    change:
      '`partition`, when order matters across keys (no more parallel than there are partitions); `none`, when it does not matter.',
    expected: "'key', 'partition' or 'none'",
  }),
  affinity: documented(z.enum(['hash', 'in-flight']).default('hash'), {
    group: Threads,
    description:
      'How a key finds its thread. `hash`: always the same one. `in-flight`: the same one while it has messages in ' +
      'progress, and the least busy one otherwise. The order is the same.',
    change: '`in-flight`, when few keys carry most messages and threads keep no state by key.',
    expected: "'hash' or 'in-flight'",
  }),
  reader: documented(z.enum(['auto', 'native', 'portable']).default('auto'), {
    group: Threads,
    description:
      'How records are read. `native`: @zk/native, compiled when it is installed, on a thread of its own. `portable`: ' +
      'node-rdkafka alone, several times slower; it gives a header without a value as an empty one. `auto`: native where it ' +
      'is available.',
    change: '`native`, to fail instead of being slow when the addon is missing; `portable`, to exclude it as a cause.',
    expected: "'auto', 'native' or 'portable'",
  }),
  maxHeapMb: documented(maxHeapMb.schema.optional(), {
    group: Threads,
    description:
      'JavaScript heap of each thread, in MiB. A thread that exceeds it is ended and replaced. Buffers are not counted.',
    change: 'To keep a leak in a handler from taking the whole container with it.',
    expected: maxHeapMb.expected,
    defaultText: "Node's own limit",
  }),
  maxExternalMb: documented(maxExternalMb.schema.optional(), {
    group: Threads,
    description:
      'What each thread may hold outside of its heap, in MiB: Buffers and other memory that V8 knows of. A thread that ' +
      'exceeds it is ended and replaced. It is looked at ten times a second, while handlers run and when records end, between ' +
      'turns of the event loop: one that takes more at once, or native memory that V8 does not know of, is not noticed in time.',
    change: 'To keep a leak of Buffers in a handler from taking the whole container with it.',
    expected: maxExternalMb.expected,
    defaultText: 'no limit',
  }),
  setupTimeoutMs: milliseconds(30_000, {
    group: Threads,
    description: 'How long the import of the processor and its `setup` may take in a thread, in milliseconds.',
    change: 'Raise it when `setup` loads much.',
  }),
}

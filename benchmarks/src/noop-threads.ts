/** What ThreadHost needs for threads with a handler that does nothing. */
import type { ThreadHost } from '@zk/runtime/internal'

/** @param capacity Rows of the in-flight table. */
export function noopThreads(threads: number, capacity: number): ConstructorParameters<typeof ThreadHost>[0] {
  return {
    threads,
    setup: {
      processorUrl: new URL('./noop-processor.js', import.meta.url).href,
      processorSource: 'noop-processor.js',
      options: undefined,
      concurrency: 1,
      ordering: 'key',
      capacity,
      stopOnFailure: false,
      deadLetters: false,
      circuitPerPartition: false,
      retry: { attempts: 1, backoffMs: 0, maxBackoffMs: 0, jitter: 0 },
      processTimeoutMs: 60_000,
      maxExternalMb: undefined,
      marks: undefined,
    },
    setupTimeoutMs: 10_000,
    terminateTimeoutMs: 5_000,
    maxHeapMb: undefined,
    stdoutToStderr: true,
  }
}

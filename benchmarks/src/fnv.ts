import { fnv1a } from '@zk/runtime/internal/fnv1a'

/** The CPU-bound handler of the suites: 3,700 passes over its value, about a millisecond of plain JavaScript. */
export const work = (bytes: Uint8Array): number => fnv1a(bytes, 3_700)

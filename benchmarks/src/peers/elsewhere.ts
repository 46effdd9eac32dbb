/**
 * zkafka's figures. Its module is not served everywhere, so it does not run here: these were measured on a machine of the same
 * kind, 2026-11-22, from a build of v2.3.0, with 12 partitions, 200-byte values and `fetch.queue.backoff.ms` 10.
 */

export interface Quoted {
  /** Of zkafka: how many workers. */
  workers: number
  /** Messages a second: least, median and most, or the one run there was. */
  perSecond: readonly [number, number, number] | readonly [number]
  /** Microseconds of the process a message, where it was told. */
  cpu?: string
}

export const zkafka: Readonly<Record<string, readonly Quoted[]>> = {
  'noop-200': [
    { workers: 1, perSecond: [78_079, 87_846, 92_078], cpu: '13.1–16.0' },
    { workers: 4, perSecond: [90_381, 95_504, 111_881], cpu: '12.7–16.0' },
    { workers: 16, perSecond: [102_276, 103_891, 118_627], cpu: '13.2–16.1' },
  ],
  cpu: [
    { workers: 1, perSecond: [957] },
    { workers: 2, perSecond: [1_366] },
    { workers: 4, perSecond: [1_868] },
  ],
  'io-16': [{ workers: 16, perSecond: [1_752], cpu: '38.7' }],
  'io-100': [{ workers: 100, perSecond: [9_011], cpu: '26.7' }],
  'io-1000': [{ workers: 1_000, perSecond: [52_454], cpu: '22.3' }],
  skew: [{ workers: 16, perSecond: [452], cpu: '112' }],
}

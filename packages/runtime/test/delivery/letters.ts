/** Dead letters for tests. */
import type { DeadLetter } from '../../src/delivery/dead-letter.js'
import type { CopiedRecord } from '../../src/delivery/letter-of.js'

export function copied(more: Partial<CopiedRecord> = {}): CopiedRecord {
  return { key: Buffer.from('k'), value: Buffer.from('v'), headers: [], timestamp: 1_000, timestampType: 1, ...more }
}

export function letter(more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    topic: 'orders',
    partition: 3,
    offset: 42,
    record: copied(),
    attempts: 2,
    cause: 'error',
    error: {
      name: 'TypeError',
      message: 'boom',
      code: 'E_BOOM',
      stack: 'TypeError: boom\n    at charge (charge.ts:7:3)',
    },
    failedAt: 1_700_000_000_000,
    ...more,
  }
}

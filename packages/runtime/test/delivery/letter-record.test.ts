import { expect, test } from 'vitest'
import type { HeaderList } from '../../src/delivery/dead-letter.js'
import { deadLetterHeaders } from '../../src/delivery/dead-letter-headers.js'
import { recordOf } from '../../src/delivery/letter-record.js'
import { parseDeadLetter } from '../../src/delivery/parse-dead-letter.js'
import { copied, letter } from './letters.js'

test('one that was a dead letter before keeps where it comes from, when its headers go', () => {
  const before = letter({ topic: 'orders', offset: 7, record: copied({ value: Buffer.alloc(2_000) }) })
  const options = { topic: 'letters', style: 'zk', groupId: 'g', maxStackBytes: 1_000 } as const
  const headers = deadLetterHeaders(before, options)
  const again = letter({ topic: 'retries', record: copied({ ...before.record, headers }) })
  const less = recordOf(again, 'headers', options)
  expect(parseDeadLetter(less.headers as HeaderList)).toMatchObject({
    origin: { topic: 'retries', partition: 3, offset: 42 },
    first: { topic: 'orders', partition: 3, offset: 7 },
    hops: 2,
  })
})

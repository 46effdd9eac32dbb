import { expect, test } from 'vitest'
import { packRecords } from '../../src/kafka/packed-batch.js'
import { previewKey } from '../../src/work/preview-key.js'

const preview = (key: Uint8Array | null) => {
  const rest = { slot: 0, offset: 0, timestamp: 0, timestampType: 0, value: Buffer.from('value'), headers: [] }
  return previewKey(packRecords([{ key, ...rest }]), 0)
}

test.each([
  ['text', Buffer.from('customer-7'), 'customer-7'],
  ['text beyond ASCII', Buffer.from('Zürich'), 'Zürich'],
  ['an empty key', Buffer.from(''), ''],
  ['no key', null, null],
  ['bytes that are no text', Buffer.from([0, 1, 0xff]), '0x0001ff'],
  ['a line break, which must not break a log line', Buffer.from('a\nb'), '0x610a62'],
  ['a long key', Buffer.from('x'.repeat(100)), `${'x'.repeat(64)}…`],
])('%s', (_, key, shown) => {
  expect(preview(key)).toBe(shown)
})

import { describe, expect, test } from 'vitest'
import { messageIndexes, skipMessageIndexes, writeMessageIndexes } from '../../src/proto/message-indexes.js'
import { failure } from '../fixtures/failure.js'
import { CustomerSchema, Order_Line_DiscountSchema, Order_LineSchema, OrderSchema } from '../fixtures/shop/order_pb.js'

describe('message indexes', () => {
  test.each([
    [CustomerSchema, [0], '00'],
    [OrderSchema, [1], '0202'],
    [Order_LineSchema, [1, 0], '040200'],
    [Order_Line_DiscountSchema, [1, 0, 0], '06020000'],
  ])('%s', (message, indexes, hex) => {
    expect(messageIndexes(message)).toEqual(indexes)
    expect(Buffer.from(writeMessageIndexes(indexes)).toString('hex')).toBe(hex)
  })

  test('indexes of more than a byte are skipped as they were written', () => {
    for (const indexes of [[0], [64], [1, 300, 70_000], [0, 0]]) {
      const written = writeMessageIndexes(indexes)
      expect(skipMessageIndexes(Buffer.concat([Buffer.alloc(5), written, Buffer.from('rest')]), 5, 'f')).toBe(
        5 + written.length,
      )
    }
  })

  test.each([
    ['none', ''],
    ['a count without indexes', '04'],
    ['a negative count', '01'],
    ['a negative index', '0201'],
    ['a varint without end', 'ffffffffff'],
    ['more than any file nests', 'd00f'],
  ])('%s is refused', (_what, hex) => {
    expect(failure(() => skipMessageIndexes(Buffer.from(hex, 'hex'), 0, 'f')).message).toContain('message indexes')
  })
})

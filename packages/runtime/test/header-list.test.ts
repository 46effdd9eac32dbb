import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { HeaderList, NO_HEADERS } from '../src/header-list.js'

const headers = new HeaderList([
  ['trace', Buffer.from('a1')],
  ['trace', Buffer.from('é')],
  ['raw', Buffer.from([0xff, 0])],
  ['none', null],
  ['empty', Buffer.alloc(0)],
])

test('headers that are printed show every name and value, in order', () => {
  expect(inspect(headers, { breakLength: Number.POSITIVE_INFINITY, compact: true })).toBe(
    "Headers(5) [ [ 'trace', 'a1' ], [ 'trace', 'é' ], [ 'raw', <Buffer ff 00> ], [ 'none', null ], [ 'empty', '' ] ]",
  )
  expect(inspect(NO_HEADERS)).toBe('Headers(0) []')
  // Deep inside of something else they do not take the page.
  expect(inspect({ a: { b: { c: { headers } } } })).not.toContain('trace')
  expect(inspect({ message: { headers } })).toContain("'a1'")
})

test('headers as JSON, as a log has them, keep every value: text as text, and bytes that are none as those of a Buffer', () => {
  expect(JSON.parse(JSON.stringify({ headers }))).toEqual({
    headers: [
      ['trace', 'a1'],
      ['trace', 'é'],
      ['raw', { type: 'Buffer', data: [255, 0] }],
      ['none', null],
      ['empty', ''],
    ],
  })
})

// @ts-check
import { expect, test } from 'vitest'
import { disorder } from '../prove/key-order.mjs'

const start = (/** @type {string} */ key, /** @type {number} */ seq, id = `${key}${seq}`) =>
  JSON.stringify({ type: 'start', id, key, seq })
const end = (/** @type {string} */ id) => JSON.stringify({ type: 'end', id, ok: true })
const run = (/** @type {string} */ key, /** @type {number} */ seq, id = `${key}${seq}`) => [
  start(key, seq, id),
  end(id),
]

test('keys are in order each by itself, and what ran already may come again', () => {
  expect(disorder([start('a', 0), ...run('b', 5), end('a0'), ...run('b', 6)])).toBeUndefined()
  expect(disorder([...run('a', 7), ...run('a', 8), ...run('a', 0), ...run('a', 1)])).toBeUndefined()
  expect(disorder(['{"type":"progress"}', ...run('a', 0, 'x'), ...run('a', 0, 'y')])).toBeUndefined()
})

test('none is passed over, and none begins before the last one has ended', () => {
  expect(disorder([...run('a', 0), ...run('a', 2)])).toBe('key a: number 2 came after 0')
  expect(disorder([...run('a', 5), ...run('a', 0), ...run('a', 5, 'x')])).toBe('key a: number 5 came after 0')
  expect(disorder([start('a', 0), start('a', 1)])).toBe('key a: number 1 began while 0 ran')
})

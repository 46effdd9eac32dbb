import { expect, test } from 'vitest'
import { byKey, disorder, type JournalLine } from './journal.js'

const start = (id: string, offset: number): JournalLine => ({
  ...{ type: 'start', id, thread: 0, topic: 't', partition: 0, offset, key: 'k', value: null, attempt: 1, at: 0 },
})
const end = (id: string): JournalLine => ({ type: 'end', id, ok: true, at: 0 })
const beat = (id: string): JournalLine => ({ type: 'beat', id })

test('one after the other is in order, and what began beside another or before it is not', () => {
  expect(disorder([start('a', 0), end('a'), start('b', 1), end('b')], byKey)).toEqual([])
  expect(disorder([start('a', 0), start('b', 1)], byKey)).toEqual(['t/0/k@1 began while @0 ran'])
  expect(disorder([start('a', 1), end('a'), start('b', 0)], byKey)).toEqual(['t/0/k@0 began after @1'])
})

test('a delivery that never ended is over when its thread is, and not when the next one begins', () => {
  const dead = new Set(['a'])
  expect(disorder([start('a', 0), beat('a'), start('b', 0), end('b')], byKey, dead)).toEqual([])
  const beside = disorder([start('a', 0), start('b', 0), beat('a'), end('b')], byKey, dead)
  expect(beside).toEqual(['t/0/k@0 began while the one before it still ran'])
})

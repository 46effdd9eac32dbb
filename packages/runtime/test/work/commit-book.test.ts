import { expect, test } from 'vitest'
import { CommitBook, type CommitPoint } from '../../src/work/commit-book.js'

function point(settings: Partial<CommitPoint>): CommitPoint {
  return { topic: 'orders', partition: 0, slot: 0, epoch: 1, offset: 0, finished: [], completed: 0, ...settings }
}

test('a commit covers what had completed when it was made, not what completed since', () => {
  const book = new CommitBook()
  expect(book.covered).toBe(0)
  expect(book.committed(0)).toBeUndefined()
  book.acknowledged(point({ offset: 15, completed: 5 }))
  book.acknowledged(point({ slot: 1, offset: 7, completed: 2 }))
  expect(book.covered).toBe(7)
  expect(book.committed(0)).toBe(15)
})

test('the same offset is another commit when more was finished above it, and covers no more', () => {
  const book = new CommitBook()
  const first = point({ offset: 15, completed: 5 })
  const second = point({ offset: 15, completed: 5, finished: [17, 18] })
  book.acknowledged(first)
  expect(book.has(second)).toBe(false)
  book.acknowledged(second)
  expect(book.has(second)).toBe(true)
  expect(book.covered).toBe(5)
})

test('what an earlier epoch covered stays counted, and its commits do not vouch for a later one', () => {
  const book = new CommitBook()
  book.acknowledged(point({ offset: 4, completed: 4 }))
  const later = point({ epoch: 2, offset: 4, completed: 0 })
  expect(book.has(later)).toBe(false)
  book.acknowledged(later)
  book.acknowledged(point({ epoch: 2, offset: 6, completed: 2 }))
  expect(book.covered).toBe(6)
})

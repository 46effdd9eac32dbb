import { AssignmentTable, type PartitionAssignment } from '@zk/engine'
import { expect, test } from 'vitest'
import { CommitBook } from '../../src/work/commit-book.js'

const partition = { topic: 'orders', partition: 0 }

/** Opens and finishes so many records of an assignment, from an offset on. */
function complete({ tracker }: PartitionAssignment, from: number, count: number): void {
  for (let offset = from; offset < from + count; offset++) tracker.finish(tracker.open(offset))
}

test('a commit covers what had completed when it was handed over, not what completed since', () => {
  const assignment = new AssignmentTable().assign(partition)
  const book = new CommitBook()
  complete(assignment, 10, 5)
  book.stored(assignment, 15)
  complete(assignment, 15, 3)
  expect(book.covered).toBe(0)
  expect(book.committed(assignment.slot)).toBeUndefined()
  book.acknowledged(assignment.slot, 15)
  expect(book.covered).toBe(5)
  expect(book.committed(assignment.slot)).toBe(15)
})

test('one acknowledgement may cover several stores, and a part of them', () => {
  const assignment = new AssignmentTable().assign(partition)
  const book = new CommitBook()
  for (const offset of [1, 2, 3]) {
    complete(assignment, offset - 1, 1)
    book.stored(assignment, offset)
  }
  book.acknowledged(assignment.slot, 2)
  expect(book.covered).toBe(2)
  expect(book.has(assignment, 3)).toBe(false)
  book.acknowledged(assignment.slot, 3)
  expect(book.covered).toBe(3)
  expect(book.has(assignment, 3)).toBe(true)
})

test('what an earlier epoch covered stays counted, and its commits do not vouch for a later one', () => {
  const table = new AssignmentTable()
  const book = new CommitBook()
  const first = table.assign(partition)
  complete(first, 0, 4)
  book.stored(first, 4)
  book.acknowledged(first.slot, 4)
  table.end(first.slot)
  const second = table.assign(partition)
  expect(book.has(second, 4)).toBe(false)
  complete(second, 4, 2)
  book.stored(second, 6)
  book.acknowledged(second.slot, 6)
  expect(book.covered).toBe(6)
})

test('an acknowledgement for a partition that stored nothing is ignored', () => {
  const book = new CommitBook()
  book.acknowledged(3, 100)
  expect(book.covered).toBe(0)
})

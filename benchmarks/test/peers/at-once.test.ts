import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { atOnce, atOnceByKey, limiter } from '../../peers/at-once.mjs'

test('so many at once and no more, all of them, and the end is that of the last', async () => {
  let running = 0
  let most = 0
  const done: number[] = []
  await atOnce([1, 2, 3, 4, 5, 6, 7], 3, async (record) => {
    most = Math.max(most, ++running)
    await setImmediate()
    running--
    done.push(record)
  })
  expect({ most, done: done.sort() }).toEqual({ most: 3, done: [1, 2, 3, 4, 5, 6, 7] })
})

test('the records of a key go one after the other, in their order, and keys beside each other', async () => {
  const running = new Set<string>()
  const order: string[] = []
  let most = 0
  await atOnceByKey(
    ['a1', 'b1', 'a2', 'c1', 'b2', 'a3'],
    2,
    ([key = '']) => key,
    async (record) => {
      const [key = ''] = record
      expect(running).not.toContain(key)
      most = Math.max(most, running.add(key).size)
      await setImmediate()
      running.delete(key)
      order.push(record)
    },
  )
  expect(most).toBe(2)
  expect(order.filter(([key]) => key === 'a')).toEqual(['a1', 'a2', 'a3'])
  expect(order).toHaveLength(6)
})

test('a limit holds over several batches, a task that fails gives its place back', async () => {
  const limited = limiter(2)
  let running = 0
  let most = 0
  const task = async () => {
    most = Math.max(most, ++running)
    await setImmediate()
    running--
  }
  await expect(limited(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await Promise.all([1, 2, 3, 4, 5].map(() => limited(task)))
  expect({ most, running }).toEqual({ most: 2, running: 0 })
})

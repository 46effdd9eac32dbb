import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type HookFault, HookFaults } from '../../src/hooks/hook-faults.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const place = (offset: number) => ({ topic: 'orders', partition: 0, offset })

function posting() {
  const posts: HookFault[][] = []
  return { posts, faults: new HookFaults((post) => posts.push(post)) }
}

test('the first error is posted at once, the next together with how many there were', () => {
  const { posts, faults } = posting()
  for (let i = 0; i < 5; i++) faults.add('preProcessing', new Error(`e${i}`), place(i))
  faults.add('postProcessing', new Error('other'), place(9))
  expect(posts).toHaveLength(1)
  expect(posts[0]).toMatchObject([{ hook: 'preProcessing', times: 1, error: { message: 'e0' }, ...place(0) }])
  vi.advanceTimersByTime(100)
  expect(posts[1]).toMatchObject([
    { hook: 'preProcessing', times: 4, error: { message: 'e1' }, ...place(1) },
    { hook: 'postProcessing', times: 1, error: { message: 'other' } },
  ])
  vi.advanceTimersByTime(1_000)
  expect(posts).toHaveLength(2)
})

test('where no timer fires they are posted all the same, by the clock', () => {
  const { posts, faults } = posting()
  faults.add('preProcessing', new Error('a'), place(0))
  faults.add('preProcessing', new Error('b'), place(1))
  vi.setSystemTime(0)
  const now = performance.now()
  vi.spyOn(performance, 'now').mockReturnValue(now + 100)
  faults.add('preProcessing', new Error('c'), place(2))
  expect(posts.map((post) => post[0]!.times)).toEqual([1, 2])
})

test('a flush posts what waits, and nothing when nothing does', () => {
  const { posts, faults } = posting()
  faults.flush()
  expect(posts).toEqual([])
  faults.add('preProcessing', new Error('a'), place(0))
  faults.add('preProcessing', 'no error at all', place(1))
  faults.flush()
  expect(posts[1]).toMatchObject([{ times: 1, error: { message: 'thrown: no error at all' } }])
})

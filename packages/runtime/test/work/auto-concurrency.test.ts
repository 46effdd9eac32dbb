import { expect, test } from 'vitest'
import type { Logger } from '../../src/log/logger.js'
import { AutoConcurrency } from '../../src/work/auto-concurrency.js'

/** Threads whose handlers all take 5 ms, and a clock that ticks every 100 ms. */
function house({ max = 100, threads = 2, busyEach = 0.001 } = {}) {
  const boards = Array.from({ length: threads }, () => ({
    concurrency: 1,
    laneTotals: { ended: 0, succeeded: 0, spentMs: 0, followed: 0 },
  }))
  const loops = boards.map(() => ({ active: 0, idle: 0 }))
  const lines: { fields: object; message: string; at: number }[] = []
  let told = 0
  let now = 0
  const info = (fields: object, message: string) => void lines.push({ fields, message, at: now })
  const auto = new AutoConcurrency({
    max,
    threads: { boards, loopTimes: (index) => loops[index], tellLimit: () => told++ },
    logger: { info } as unknown as Logger,
  })
  return {
    boards,
    lines,
    get told() {
      return told
    },
    tick(times: number, capacity = Number.POSITIVE_INFINITY) {
      for (let i = 0; i < times; i++) {
        now += 100
        for (const [index, board] of boards.entries()) {
          const all = board.concurrency * threads
          const ended = (100 * board.concurrency) / (5 * Math.max(1, all / capacity))
          const { laneTotals: before } = board
          board.laneTotals = {
            ended: before.ended + ended,
            succeeded: before.succeeded + ended,
            spentMs: before.spentMs + 100 * board.concurrency,
            followed: before.followed + ended,
          }
          const busy = 100 * Math.min(1, board.concurrency * busyEach)
          const { active, idle } = loops[index]!
          loops[index] = { active: active + busy, idle: idle + 100 - busy }
        }
        auto.tick(now)
      }
    },
  }
}

test('all threads have the same limit, and are told when it moves', () => {
  const of = house()
  of.tick(3)
  expect(of.boards.map(({ concurrency }) => concurrency)).toEqual([2, 2])
  expect(of.told).toBe(1)
})

test('one line says from what to what and why, when it has come to rest', () => {
  const { tick, lines } = house({ max: 100 })
  tick(40)
  expect(lines.map(({ message }) => message)).toEqual([
    'Concurrency of each thread from 1 to 100: handlers take 5.0 ms, event loop 10 % busy, more are not allowed (maxConcurrency)',
  ])
  expect(lines[0]!.fields).toMatchObject({ concurrency: 100, from: 1, why: 'at-maximum' })
})

test('a busy event loop is the reason where it is', () => {
  const { tick, lines } = house({ max: 100, busyEach: 0.03 })
  tick(40)
  expect(lines[0]!.message).toMatch(/from 1 to 32: .*event loop 96 % busy, which leaves no time for more$/)
})

test('a shared service is looked at as one: the limits of both threads together come near what it serves', () => {
  const { tick, boards } = house({ max: 1_000 })
  tick(200, 80)
  const all = boards[0]!.concurrency + boards[1]!.concurrency
  expect(all).toBeGreaterThanOrEqual(48)
  expect(all).toBeLessThanOrEqual(128)
})

test('a limit that moves all the time is told every ten seconds at most', () => {
  const { tick, lines } = house({ max: 1_000 })
  for (let i = 0; i < 20; i++) tick(40, i % 2 === 0 ? 400 : 20)
  expect(lines.length).toBeGreaterThan(2)
  const gaps = lines.slice(1).map(({ at }, i) => at - lines[i]!.at)
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(10_000)
})

/** Whatever is refused or lost, in whatever order it is answered: each letter is written. */
import { expect, test, vi } from 'vitest'
import { letter } from '../letters.js'
import { LOST, open, producer, REFUSED, type Sent } from './refusing-topic.js'

test.each(Array.from({ length: 100 }, (_, i) => i + 1))('whatever is refused, none is missing (seed %i)', (seed) => {
  let state = seed * 2_654_435_761
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const letters = open({ random })
  const count = 200
  const written: Record<number, number[]> = { 0: [], 1: [], 2: [] }
  const answers = new Map<string, number>()
  /** By partition: which groups were out together, to judge the order by. */
  const out: Sent[] = []
  let next = 0
  let perhaps = 0
  const partitionOf = ({ record }: Sent) => Number(new Map(record.headers).get('__dlq.errors.partition'))
  for (let step = 0; answers.size < count; step++) {
    if (step > 50_000) throw new Error('it does not end')
    const what = random()
    if (what < 0.3 && next < count) {
      const offset = next++
      letters.write(letter({ partition: offset % 3, offset }), {
        isWanted: () => true,
        done: (ok) => {
          const name = `${offset} ${ok}`
          answers.set(name, (answers.get(name) ?? 0) + 1)
        },
      })
    } else if (what < 0.9 && out.length > 0) {
      const [sent] = out.splice(Math.floor(random() * out.length), 1)
      const error = random() < 0.3 ? (random() < 0.5 ? REFUSED : LOST) : undefined
      if (error === LOST && random() < 0.5) {
        written[partitionOf(sent!)]!.push(sent!.offset)
        perhaps++
      }
      if (error === undefined) written[partitionOf(sent!)]!.push(sent!.offset)
      sent!.report(error)
    } else vi.advanceTimersByTime(10_000)
    out.push(...producer.take())
    // At most one group of each partition is out.
    const ofPartition = out.filter((sent) => partitionOf(sent) === 0)
    if (ofPartition.some(({ offset }, i) => i > 0 && offset <= ofPartition[i - 1]!.offset))
      throw new Error('out of order')
  }
  for (const times of answers.values()) expect(times).toBe(1)
  const all = Object.values(written).flat()
  expect(new Set(all).size).toBe(count)
  // Twice is there only what a lost report left behind.
  expect(all.length - count).toBeLessThanOrEqual(perhaps)
})

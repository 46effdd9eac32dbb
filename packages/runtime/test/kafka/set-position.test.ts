import { expect, test } from 'vitest'
import { setPosition } from '../../src/kafka/set-position.js'

const PARTITION = { topic: 'orders', partition: 0 }

/** A reader that has read something just before the seek, and a client that seeks when it is told to. */
function desk() {
  const happened: string[] = []
  let answer: (error: Error | null) => void = () => {}
  let read = true
  const positioned = setPosition(
    {
      kafka: {
        seek: (to, _timeout, callback) => {
          happened.push(`seek ${to.offset}`)
          answer = callback as unknown as typeof answer
          return undefined as never
        },
      },
      handOver: () => {
        if (read) happened.push('records of the old position')
        read = false
      },
      restarted: ({ partition }) => {
        if (read) happened.push('records are left for the new epoch')
        happened.push(`new epoch of ${partition}`)
      },
    },
    PARTITION,
    7,
  )
  return { happened, positioned, answer: (error: Error | null = null) => answer(error) }
}

test('what was read until the seek began belongs to the old epoch: nothing of it waits for the new one', async () => {
  const { happened, positioned, answer } = desk()
  expect(happened).toEqual(['seek 7', 'records of the old position'])
  answer()
  await positioned
  expect(happened).toEqual(['seek 7', 'records of the old position', 'new epoch of 0'])
})

test('the new epoch begins with the answer, before anybody else can hand over what is read', () => {
  const { happened, answer } = desk()
  answer()
  expect(happened.at(-1)).toBe('new epoch of 0')
})

test('a seek that fails leaves the old epoch as it is', async () => {
  const { happened, positioned, answer } = desk()
  answer(new Error('Local: Timed out'))
  await expect(positioned).rejects.toThrow('Timed out')
  expect(happened).not.toContain('new epoch of 0')
})

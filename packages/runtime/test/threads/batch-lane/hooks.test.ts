/** Hooks and spans are around the records of a batch, and not around the batch. */
import { expect, test } from 'vitest'
import { settled } from '../lane.js'
import { watched } from './watched.js'

test('hooks and spans are around each record, and hear how its handler ended', async () => {
  const heard: string[] = []
  const around = (name: string) => (message: { offset: number }) => {
    heard.push(`${name}+${message.offset}`)
    return (fault: unknown) => void heard.push(`${name}-${message.offset} ${fault === undefined}`)
  }
  const { send } = watched((messages, ctx) => ctx.fail(messages[1]!, new Error('bad')), {
    ...{ keyOf: String, batch: { around: [around('span'), around('hook')] } },
  })
  send([0, 1])
  await settled()
  expect(heard).toEqual([
    ...['span+0', 'hook+0', 'span+1', 'hook+1'],
    ...['hook-0 true', 'span-0 true', 'hook-1 false', 'span-1 false'],
  ])
})

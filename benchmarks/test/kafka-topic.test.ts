import { expect, test } from 'vitest'
import { filledTopic } from '../src/kafka-topic.js'
import { UsageError } from '../src/usage.js'

test('a topic on the embedded broker has all messages', async () => {
  const topic = await filledTopic({ bootstrap: undefined, messages: 1_000, valueBytes: 10 })
  await topic.close()
})

test('more than the embedded broker keeps is refused, and not waited for', async () => {
  const filling = filledTopic({ bootstrap: undefined, messages: 15_000, valueBytes: 1_024, partitions: 1 })
  await expect(filling).rejects.toThrow(UsageError)
  await expect(filling).rejects.toThrow(/^the embedded broker keeps \d+ of 15000 messages: use fewer, or --bootstrap$/)
})

import { fillTopic } from '@zk/runtime/internal/fill-topic'
import { expect, onTestFinished, test, vi } from 'vitest'
import { emptyTopic, filledTopic } from '../src/kafka-topic.js'
import { topicSize } from '../src/topic-size.js'

const bootstrap = process.env.KAFKA_BOOTSTRAP!
const MESSAGES = 300

/** A topic of the test's own, as an earlier run has left it. */
async function left(name: string, records: number, partitions?: number) {
  const keys = { name: `${name}-${process.pid}-${Date.now()}`, of: vi.fn((i: number) => `key-${i}`) }
  const options = { bootstrap, messages: MESSAGES, valueBytes: 10, keys }
  const topic = await emptyTopic({
    bootstrap,
    name: `bench-10-${MESSAGES}-${keys.name}`,
    ...(partitions && { partitions }),
  })
  onTestFinished(() => topic.close())
  const record = (i: number) => ({ key: Buffer.from(`${i}`), value: Buffer.alloc(10) })
  await fillTopic({ bootstrapServers: bootstrap, topic: topic.name, messages: records, record })
  return { topic, keys, options }
}

test.each([
  ['an interrupted run left with too few records', 100, undefined],
  ['has too many', MESSAGES + 1, undefined],
  ['has other partitions', MESSAGES, 3],
])('a topic that %s is filled anew', async (_, records, partitions) => {
  const { topic, options } = await left('anew', records, partitions)
  const told = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => told.mockRestore())
  expect(await filledTopic(options)).toMatchObject({ name: topic.name })
  expect(await topicSize(bootstrap, topic.name)).toEqual({ partitions: 12, records: MESSAGES })
  expect(told).toHaveBeenCalledWith(
    `${topic.name} has ${records} records in ${partitions ?? 12} partitions: it is filled anew`,
  )
})

test('a topic that an earlier run has filled is taken as it is', async () => {
  const { topic, keys, options } = await left('full', MESSAGES)
  expect(await filledTopic(options)).toMatchObject({ name: topic.name })
  expect(keys.of).not.toHaveBeenCalled()
})

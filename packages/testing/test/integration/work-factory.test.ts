/** What a factory gives to its works, what they replace, and a work that runs again. */
import { randomUUID } from 'node:crypto'
import { createClient, type DoneOutcome, type Hooks, type WorkFactoryOptions } from '@zk/runtime'
import { expect, test } from 'vitest'
import { recordingLogger } from './recording-logger.js'
import { COMMIT_MS, quick } from './stage.js'
import { stage } from './the-stage.js'

const processor = new URL('./processors/recorder.mjs', import.meta.url)

function factoryOf(options: WorkFactoryOptions) {
  const client = createClient({ bootstrapServers: stage.bootstrapServers.split(',') })
  stage.alsoEnd({ end: () => client.close() })
  return client.workFactory({
    ...{ logger: recordingLogger(() => {}), autoCommitIntervalMs: COMMIT_MS, additionalProps: quick, speedup: 1 },
    ...options,
  })
}

test('works have the factory’s dead letter topic, retries and hooks, and replace what they give themselves', async () => {
  const [topic, dlt] = [await stage.topic(1), await stage.topic(1)]
  await stage.produce(topic, [{ key: 'bad' }])
  const heard: string[] = []
  const hooks = (who: string): Hooks => ({ postRead: () => void heard.push(who) })
  const outcomes: DoneOutcome[] = []
  const factory = factoryOf({
    ...{ deadLetterTopic: dlt, retry: { attempts: 3, backoffMs: 1 }, hooks: hooks('factory') },
    processorOptions: { journal: stage.journal().path, ms: 0, rules: { bad: 'throw' } },
    onDone: (_message, outcome) => void outcomes.push(outcome),
  })
  const work = (own: object) =>
    factory.create({ topic, groupId: randomUUID(), processor, ...own }).run({ untilEnd: true })
  expect(await work({})).toMatchObject({ processed: 1, deadLettered: 1 })
  expect(await work({ deadLetterTopic: false, retry: { attempts: 1 }, hooks: hooks('work') })).toMatchObject({
    processed: 1,
    failed: 1,
    deadLettered: 0,
  })
  expect(outcomes.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(['dead-lettered 3', 'failed 1'])
  expect(heard).toEqual(['factory', 'work'])
})

test('a work that was shut down runs again, over what came meanwhile', async () => {
  const topic = await stage.topic(1)
  const journal = stage.journal()
  const read: number[] = []
  const work = factoryOf({ hooks: { postRead: ({ offset }) => void read.push(offset) } }).create({
    ...{ topic, groupId: randomUUID(), processor, processorOptions: { journal: journal.path } },
  })
  const runUntil = async (count: number) => {
    const shutdown = new AbortController()
    const run = work.run({
      shutdown: shutdown.signal,
      onEvent: () => void (journal.done().length >= count && shutdown.abort()),
    })
    return run
  }
  await stage.produce(topic, [{ key: 'a' }, { key: 'b' }])
  expect(await runUntil(2)).toMatchObject({ reason: 'drained', processed: 2, committed: 2 })
  await stage.produce(topic, [{ key: 'c' }])
  expect(await runUntil(3)).toMatchObject({ reason: 'drained', processed: 1, committed: 1 })
  expect(read).toEqual([0, 1, 2])
})

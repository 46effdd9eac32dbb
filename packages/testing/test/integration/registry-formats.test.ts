/** Processors whose format asks a schema registry. */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { byKey, disorder } from './journal.js'
import { avroOrder, RegistryStub } from './registry-stub.js'
import { stage } from './the-stage.js'

const processor = new URL('./processors/avro-recorder.mjs', import.meta.url)
const FETCH = 'GET /schemas/ids/7'

let registry: RegistryStub
beforeEach(async () => {
  registry = new RegistryStub()
  // Threads copy the environment when they start.
  process.env.ZK_TEST_REGISTRY = await registry.listen()
})
afterEach(async () => {
  await registry.close()
  delete process.env.ZK_TEST_REGISTRY
})

const orders = (count: number, partitions = 4) =>
  Array.from({ length: count }, (_, i) => ({
    partition: i % partitions,
    key: `k${i % 20}`,
    value: avroOrder(`order ${i}`),
  }))

test('all threads of a process fetch a schema once', async () => {
  const topic = await stage.topic()
  const journal = stage.journal()
  await stage.produce(topic, orders(400))
  const settings = { topic, processor, speedup: 4, processorOptions: { journal: journal.path } }
  expect(await stage.play(settings, { untilEnd: true }).run).toMatchObject({ processed: 400, failed: 0 })
  expect(new Set(journal.starts().map(({ thread }) => thread)).size).toBe(4)
  expect(registry.asked.filter((asked) => asked.startsWith(FETCH))).toHaveLength(1)
  expect(new Set(journal.starts().map(({ value }) => value)).size).toBe(400)
})

test('a registry that is down for a while fails nothing, though there is one attempt and a dead letter topic', async () => {
  const topic = await stage.topic()
  const deadLetterTopic = await stage.topic(1)
  const journal = stage.journal()
  await stage.produce(topic, orders(200))
  registry.isDown = true
  const play = stage.play(
    {
      ...{ topic, processor, speedup: 4, deadLetterTopic, processorOptions: { journal: journal.path } },
      retry: { attempts: 1, backoffMs: 50, maxBackoffMs: 400 },
    },
    { untilEnd: true },
  )
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  expect(journal.starts()).toEqual([])
  expect(registry.asked.length).toBeGreaterThan(3)
  registry.isDown = false
  expect(await play.run).toMatchObject({ processed: 200, failed: 0, deadLettered: 0, committed: 200, threadDeaths: 0 })
  expect(await stage.deadLetters(deadLetterTopic)).toEqual([])
  expect(disorder(journal.lines(), byKey)).toEqual([])
  expect(journal.starts().map(({ attempt }) => attempt)).toEqual(new Array(200).fill(1))
  const warnings = play.log.all.filter(({ message }) => message?.startsWith('The format cannot decode for now'))
  expect(warnings[0]).toMatchObject({ level: 'warn', fields: { topic, err: { code: 'ZK_REGISTRY_UNAVAILABLE' } } })
  // One a thread in ten seconds.
  expect(warnings.length).toBeLessThanOrEqual(4)
})

test('nor is a record charged whose thread dies meanwhile', async () => {
  const topic = await stage.topic()
  const deadLetterTopic = await stage.topic(1)
  const journal = stage.journal()
  await stage.produce(topic, orders(40))
  registry.isDown = true
  const processorOptions = { journal: journal.path, diesOnce: join(stage.folder(), 'died') }
  const settings = { topic, processor, speedup: 1, deadLetterTopic, processorOptions }
  const play = stage.play({ ...settings, retry: { attempts: 1, backoffMs: 50, maxBackoffMs: 400 } }, { untilEnd: true })
  await play.events.until(({ type }) => type === 'thread-gone')
  const asked = registry.asked.length
  await expect.poll(() => registry.asked.length, { timeout: 10_000 }).toBeGreaterThan(asked + 2)
  registry.isDown = false
  expect(await play.run).toMatchObject({ processed: 40, failed: 0, deadLettered: 0, threadDeaths: 1 })
  expect(journal.starts().map(({ attempt }) => attempt)).toEqual(new Array(40).fill(1))
  expect(disorder(journal.lines(), byKey)).toEqual([])
})

test('a shutdown while the registry is down ends soon, and leaves the records to the next run', async () => {
  const topic = await stage.topic(1)
  const journal = stage.journal()
  await stage.produce(topic, orders(40, 1))
  registry.isDown = true
  const settings = { topic, processor, processorOptions: { journal: journal.path } }
  const play = stage.play(settings)
  await expect.poll(() => registry.asked.length, { timeout: 10_000 }).toBeGreaterThan(2)
  const began = performance.now()
  expect(await play.drain()).toMatchObject({ reason: 'drained', processed: 0 })
  expect(performance.now() - began).toBeLessThan(5_000)
  registry.isDown = false
  const again = stage.play({ ...settings, groupId: play.groupId }, { untilEnd: true })
  expect(await again.run).toMatchObject({ processed: 40, failed: 0 })
  expect(disorder(journal.lines(), byKey)).toEqual([])
})

test('bytes that are no Avro, or of a schema that is not there, are dead letters with the raw bytes', async () => {
  const topic = await stage.topic(1)
  const deadLetterTopic = await stage.topic(1)
  const journal = stage.journal()
  const bad = ['no prefix', avroOrder('x'.repeat(9)).slice(0, 8), avroOrder('gone', 9)]
  const good = { key: 'good', value: avroOrder('fine') }
  await stage.produce(topic, [...bad.map((value, i) => ({ key: `bad${i}`, value })), good])
  const settings = { topic, processor, deadLetterTopic, processorOptions: { journal: journal.path } }
  expect(await stage.play(settings, { untilEnd: true }).run).toMatchObject({ processed: 4, deadLettered: 3 })
  const letters = await stage.deadLetters(deadLetterTopic)
  expect(letters.map(({ value }) => value).sort()).toEqual([...bad].sort())
  expect(journal.starts().map(({ value }) => value)).toEqual(['fine'])
})

test('a registry whose configuration is none ends the start, as the fault of the processor', async () => {
  const bad = new URL('./processors/bad/registry-config.mjs', import.meta.url)
  const play = stage.play({ topic: await stage.topic(1), processor: bad })
  expect(await play.ended).toMatchObject({
    error: { code: 'ZK_FORMAT_INVALID', exitCode: 1, message: expect.stringContaining('format mine') },
  })
  // Not tried again: it would be as bad the next time.
  expect(play.log.all.filter(({ message }) => message?.startsWith('A thread did not start'))).toEqual([])
})

test('handlers send values that the format encodes, and the registry is asked once for that too', async () => {
  const topic = await stage.topic()
  const to = await stage.topic(1)
  const journal = stage.journal()
  await stage.produce(topic, orders(40))
  const settings = { topic, processor, speedup: 4, processorOptions: { journal: journal.path, to } }
  expect(await stage.play(settings, { untilEnd: true }).run).toMatchObject({ processed: 40, failed: 0 })
  expect(registry.asked.filter((asked) => asked.includes(`/subjects/${to}-value/`))).toHaveLength(1)
  const second = stage.journal()
  const readBack = { topic: to, processor, processorOptions: { journal: second.path } }
  expect(await stage.play(readBack, { untilEnd: true }).run).toMatchObject({ processed: 40, failed: 0 })
  expect(new Set(second.starts().map(({ value }) => value))).toContain('order 39!')
})

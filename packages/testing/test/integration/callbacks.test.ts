/** Functions of the user's that run on the main thread: what they hear, and what their errors do not do. */
import { randomUUID } from 'node:crypto'
import { createClient, type DoneMessage, type DoneOutcome, type Logger, type WorkEvent } from '@zk/runtime'
import { expect, test } from 'vitest'
import { type LogLine, recordingLogger } from './recording-logger.js'
import { stage } from './the-stage.js'

const processor = new URL('./processors/recorder.mjs', import.meta.url)
const faulty = new URL('./processors/faulty.mjs', import.meta.url)

const failing: [string, () => never | Promise<never>][] = [
  [
    'throws',
    () => {
      throw new Error('the user’s')
    },
  ],
  ['rejects', () => Promise.reject(new Error('the user’s'))],
]

test('onDone hears of each record once, the factory’s before the work’s, and of failures why', async () => {
  const topic = await stage.topic(2)
  const records = ['a', 'bad', 'b', 'a'].map((key, i) => ({ key, partition: i % 2, headers: { n: String(i) } }))
  await stage.produce(topic, records)
  const heard: { who: string; message: DoneMessage; outcome: DoneOutcome }[] = []
  const listener = (who: string) => (message: DoneMessage, outcome: DoneOutcome) => {
    heard.push({ who, message, outcome })
  }
  const client = createClient({ bootstrapServers: stage.bootstrapServers.split(',') })
  const factory = client.workFactory({ logger: recordingLogger(() => {}), onDone: listener('factory') })
  const processorOptions = { journal: stage.journal().path, ms: 0, rules: { bad: 'throw' } }
  const onDone = [listener('work'), listener('last')]
  const work = factory.create({ topic, groupId: randomUUID(), processor, speedup: 2, processorOptions, onDone })
  expect(await work.run({ untilEnd: true })).toMatchObject({ processed: 4, failed: 1 })
  await client.close()

  expect(heard.map(({ who }) => who)).toEqual(Array(4).fill(['factory', 'work', 'last']).flat())
  const last = heard.filter(({ who }) => who === 'last')
  expect(last.map(({ message: { partition, offset } }) => `${partition}@${offset}`).sort()).toEqual([
    ...['0@0', '0@1', '1@0', '1@1'],
  ])
  for (const { message, outcome } of last) {
    expect(message).toMatchObject({ topic, timestamp: expect.any(Number) })
    const key = message.key!.toString()
    expect(records[Number(message.headers.get('n'))]!.key).toBe(key)
    expect(outcome).toMatchObject(
      key === 'bad'
        ? { status: 'failed', attempts: 1, cause: 'error', error: { message: 'the rule says throw' } }
        : { status: 'done', attempts: 1, durationMs: expect.any(Number) },
    )
  }
})

test('onDone hears how many attempts a record took that succeeded in the end', async () => {
  const topic = await stage.topic(1)
  await stage.produce(
    topic,
    ['once', 'fine'].map((value, i) => ({ key: `k${i}`, value })),
  )
  const attempts: Record<number, number> = {}
  const onDone = ({ offset }: DoneMessage, outcome: DoneOutcome) => {
    attempts[offset] = outcome.attempts
  }
  const play = stage.play(
    {
      ...{ topic, speedup: 1, processor: faulty, onDone, retry: { attempts: 3, backoffMs: 1 } },
      processorOptions: { journal: stage.journal().path, ms: 0 },
    },
    { untilEnd: true },
  )
  expect(await play.run).toMatchObject({ processed: 2, failed: 0 })
  expect(attempts).toEqual({ 0: 2, 1: 1 })
})

test.each(failing)(
  'onDone and onEvent that each time %s are logged and counted, and the work goes on',
  async (_how, fail) => {
    const topic = await stage.topic(1)
    await stage.produce(topic, [{ key: 'a' }, { key: 'b' }])
    const lines: LogLine[] = []
    const done: number[] = []
    const client = createClient({ bootstrapServers: stage.bootstrapServers.split(',') })
    const work = client.workFactory({ logger: recordingLogger((line) => lines.push(line)), onDone: fail }).create({
      ...{ topic, groupId: randomUUID(), processor, speedup: 1 },
      processorOptions: { journal: stage.journal().path },
      onDone: [fail, ({ offset }) => void done.push(offset)],
    })
    const events: WorkEvent[] = []
    const onEvent = (event: WorkEvent) => {
      events.push(event)
      // Whatever it does to what it was given, too.
      if ('partitions' in event) (event.partitions as unknown[]).length = 0
      return fail()
    }
    expect(await work.run({ untilEnd: true, onEvent })).toMatchObject({ reason: 'drained', processed: 2, committed: 2 })
    expect(done).toEqual([0, 1])
    const failed = lines.filter(({ message }) => message.endsWith('failed; the work goes on'))
    expect(failed[0]).toMatchObject({
      fields: { err: { message: 'the user’s' }, callback: 'onEvent (thread-up)' },
    })
    const metrics = await work.metrics()
    expect(metrics).toMatch(/zk_callback_errors_total\{callback="onDone",[^}]*\} 4/)
    const told = events.length
    expect(metrics).toMatch(new RegExp(`zk_callback_errors_total\\{callback="onEvent",[^}]*\\} ${told}\\b`))
    await client.close()
  },
)

test.each(failing)('a logger whose methods each time %s does not keep a work from its records', async (_how, fail) => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'bad' }, { key: 'exits' }, { key: 'a' }])
  const logger = Object.fromEntries(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, fail]),
  ) as unknown as Logger
  const client = createClient({ bootstrapServers: stage.bootstrapServers.split(',') })
  const rules = { bad: 'throw', exits: { do: 'exit', once: true } }
  const processorOptions = { journal: stage.journal().path, ms: 0, rules }
  const work = client
    .workFactory({ logger })
    .create({ topic, groupId: randomUUID(), processor, speedup: 1, processorOptions })
  expect(await work.run({ untilEnd: true })).toMatchObject({ processed: 3, failed: 2, threadDeaths: 1 })
  expect(await work.metrics()).toMatch(/zk_callback_errors_total\{callback="logger",/)
  await client.close()
})

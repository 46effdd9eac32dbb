/** Threads that do not start, at the beginning or after a death. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stage } from './the-stage.js'

const module = (name: string) => new URL(`./processors/bad/${name}`, import.meta.url)
const attempts = (lines: readonly { message?: string }[]) =>
  lines.flatMap(
    ({ message }) => /^A thread did not start; the next attempt follows in (\d+) ms$/.exec(message ?? '')?.[1] ?? [],
  )

test('a set-up that fails at first is tried again, ever later, and nothing is consumed meanwhile', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'a' }, { key: 'b' }])
  const processorOptions = { marks: join(stage.folder(), 'mark'), failures: 2 }
  const processor = module('setup-fails-at-first.mjs')
  const play = stage.play({ topic, processor, processorOptions, speedup: 2 }, { untilEnd: true })
  expect(await play.run).toMatchObject({ processed: 2, threadDeaths: 0 })
  expect(attempts(play.log.all)).toEqual(['100', '500'])
  expect(play.events.all[0]).toMatchObject({ type: 'thread-up', thread: 0 })
})

test('one that fails for good stops the work with its cause, before anything is consumed', async () => {
  const topic = await stage.topic(1)
  const processorOptions = { marks: join(stage.folder(), 'mark'), failures: 99 }
  const play = stage.play({ topic, processor: module('setup-fails-at-first.mjs'), processorOptions })
  const { error } = await play.ended
  expect(error).toMatchObject({ code: 'ZK_PROCESSOR_SETUP_FAILED', exitCode: 1, cause: { message: 'not yet: 3' } })
  expect(attempts(play.log.all)).toEqual(['100', '500', '2000'])
  expect(play.events.all).toEqual([])
})

test('a set-up that passes its deadline too', async () => {
  const topic = await stage.topic(1)
  const play = stage.play({ topic, processor: module('setup-hangs.mjs'), setupTimeoutMs: 300 })
  const { error } = await play.ended
  expect(error).toMatchObject({ code: 'ZK_PROCESSOR_SETUP_FAILED', exitCode: 1 })
  expect(attempts(play.log.all)).toEqual(['100', '500', '2000'])
  expect(play.events.all).toEqual([])
})

test('a successor that never starts stops the work as well, with what it had uncommitted', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'a' }, { key: 'b' }])
  const processorOptions = { mark: join(stage.folder(), 'mark') }
  const retry = { attempts: 2 }
  const play = stage.play({ topic, processor: module('setup-fails-later.mjs'), processorOptions, speedup: 1, retry })
  const { error } = await play.ended
  expect(error).toMatchObject({ code: 'ZK_PROCESSOR_SETUP_FAILED', exitCode: 1 })
  expect(attempts(play.log.all)).toEqual(['100', '500', '2000'])
  expect((await stage.committed(play.groupId, topic))[0]).toBeLessThanOrEqual(0)
})

/** A sandbox may lack it. */
const SLACK = `/proc/${process.pid}/timerslack_ns`

test.runIf(existsSync(SLACK))('timers in threads are on time, and those of the main thread as they were', async () => {
  const before = readFileSync(SLACK, 'utf8')
  const topic = await stage.topic(1)
  const processor = new URL('./processors/slack.mjs', import.meta.url)
  const play = stage.play({ topic, processor, speedup: 2 }, { untilEnd: true })
  await play.run
  expect(play.log.all.flatMap(({ fields }) => fields.slack ?? [])).toEqual(['1000', '1000'])
  expect(readFileSync(SLACK, 'utf8')).toBe(before)
})

import { describe, expect, test } from 'vitest'
import { byKey, disorder } from './journal.js'
import { readers } from './stage.js'
import { stage } from './the-stage.js'

const jsonProcessor = new URL('./processors/json-recorder.mjs', import.meta.url)

describe.each(readers)('%s reader', (reader) => {
  test('a value that does not decode is logged, counted as failed and completed', async () => {
    const topic = await stage.topic(1)
    await stage.produce(topic, [
      { key: 'k', value: '{"n":1}' },
      { key: 'k', value: '{"n":' },
      { key: 'k', value: '{"n":3}' },
    ])
    const journal = stage.journal()
    const processorOptions = { journal: journal.path }
    const play = stage.play({ topic, reader, processor: jsonProcessor, processorOptions }, { untilEnd: true })

    expect(await play.run).toMatchObject({ processed: 3, failed: 1, committed: 3 })
    expect(journal.done().map(({ value }) => value)).toEqual(['1', '3'])
    const logged = play.log.all.find(({ level }) => level === 'error')
    expect(logged).toMatchObject({ fields: { topic, partition: 0, offset: 1, key: 'k', attempt: 1 } })
    expect(logged!.fields.err).toMatchObject({ code: 'ZK_DECODE_FAILED' })
  })

  test('a handler that throws, at once or later, fails its record alone', async () => {
    const topic = await stage.topic(1)
    await stage.produce(topic, [{ key: 'a' }, { key: 'at once' }, { key: 'b' }, { key: 'later' }])
    const journal = stage.journal()
    const rules = { 'at once': 'throw-at-once', later: 'throw' }
    const processorOptions = { journal: journal.path, ms: 0, rules }
    const play = stage.play({ topic, reader, processorOptions }, { untilEnd: true })
    expect(await play.run).toMatchObject({ processed: 4, failed: 2, committed: 4, threadDeaths: 0 })
    expect(journal.done().map(({ key }) => key)).toEqual(expect.arrayContaining(['a', 'b']))
    const failures = play.log.all.filter(({ level }) => level === 'error')
    expect(failures.map(({ fields }) => fields.offset)).toEqual([1, 3])
    const thrown = failures.map(({ fields }) => fields.err as Error)
    expect(thrown.map(({ message }) => message)).toEqual(['the rule says throw at once', 'the rule says throw'])
    // The stack leads to the line of the user's code.
    for (const { stack } of thrown) expect(stack).toMatch(/recorder\.mjs:\d+/)
  })

  test('onExhausted stop: ZK_RECORD_FAILED, exit code 4, uncommitted, nothing of its key after it', async () => {
    const topic = await stage.topic(1)
    const others = Array.from({ length: 40 }, (_, i) => ({ key: i % 2 === 0 ? 'bad' : `k${i}` }))
    await stage.produce(topic, [{ key: 'a' }, { key: 'b' }, { key: 'bad' }, ...others])
    const journal = stage.journal()
    const rules = { bad: { do: 'throw', once: true } }
    const settings = {
      topic,
      reader,
      onExhausted: 'stop',
      processorOptions: { journal: journal.path, ms: 1, rules },
    } as const
    const play = stage.play(settings)
    const { error } = await play.ended

    expect(error).toMatchObject({ code: 'ZK_RECORD_FAILED', exitCode: 4 })
    expect(error!.message).toContain(`${topic}[0]@2`)
    expect(error!.message).toContain('the rule says throw')
    expect(journal.starts().filter(({ key }) => key === 'bad')).toHaveLength(1)
    const [committed] = await stage.committed(play.groupId, topic)
    expect(committed).toBeLessThanOrEqual(2)

    const again = stage.play({ ...settings, groupId: play.groupId }, { untilEnd: true })
    expect(await again.run).toMatchObject({ failed: 0 })
    expect(await stage.committed(play.groupId, topic)).toEqual([43])
    const bad = journal.done().filter(({ key }) => key === 'bad')
    expect(bad.map(({ offset }) => offset)).toEqual([
      2,
      ...others.flatMap(({ key }, i) => (key === 'bad' ? [i + 3] : [])),
    ])
    expect(disorder(journal.lines(), byKey).filter((what) => what.includes('/bad'))).toEqual([])
  })
})

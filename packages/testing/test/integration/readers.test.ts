/** `client.reader`: what it waits for, what it commits, and what is read again after a restart. */
import { randomUUID } from 'node:crypto'
import type { Reader } from '@zk/runtime'
import { bytes } from '@zk/runtime/processor'
import { describe, expect, test } from 'vitest'
import { clientOf, logger, readDone, readerOf } from './clients.js'
import { isReal, readers } from './stage.js'
import { stage } from './the-stage.js'
import { eventually } from './waiting.js'

describe('a reader', () => {
  test.each(readers)('goes on after a restart behind what was done, without repeat or gap; %s', async (kind) => {
    const topic = await stage.topic(1)
    const writer = clientOf().writer({ topic, logger })
    for (const value of ['1', '2', '3']) await writer.write(value)
    const input = readerOf({ topic, reader: kind })
    const before = clientOf().reader(input)
    const [first, second] = [(await before.read())!, (await before.read())!]
    first.done()
    expect(second.value!.toString()).toBe('2')
    await before.close()
    await before.close()
    expect(await stage.committed(input.groupId, topic)).toEqual([1])
    // Too late: its partition is somebody else's.
    second.done()
    const after = await readDone(clientOf().reader(input), 2)
    expect(after.map(({ value, offset }) => [value!.toString(), offset])).toEqual([
      ['2', 1],
      ['3', 2],
    ])
  })

  test('commits by itself, never past what is not done, and at once when it is asked to', async () => {
    const topic = await stage.topic(1)
    const writer = clientOf().writer({ topic, logger })
    await Promise.all(Array.from({ length: 4 }, () => writer.write('v')))
    const input = readerOf({ topic, autoCommitIntervalMs: 50 })
    const reader = clientOf().reader(input)
    const messages = [(await reader.read())!, (await reader.read())!, (await reader.read())!]
    messages[0]!.done()
    messages[2]!.done()
    await eventually(async () => (await stage.committed(input.groupId, topic))[0] === 1)
    await reader.commit(messages[1])
    expect(await stage.committed(input.groupId, topic)).toEqual([3])
  })

  test('gives null when nothing comes in time, and ends its wait by a signal', async () => {
    const topic = await stage.topic(1)
    const reader = clientOf().reader(readerOf({ topic }))
    expect(await reader.read({ timeoutMs: 0 })).toBeNull()
    expect(await reader.read({ timeoutMs: 100 })).toBeNull()
    const stop = new AbortController()
    const waiting = reader.read({ signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(reader.read({ signal: stop.signal })).rejects.toThrow('enough')
    await expect(reader.read({ timeoutMs: -1 })).rejects.toMatchObject({ code: 'ZK_CONFIG_INVALID' })
    // None of these has taken what comes now.
    await stage.produce(topic, [{ key: 'k', value: 'v' }])
    expect((await reader.read())!.offset).toBe(0)
  })

  test('is iterated until it is closed, and several reads at once get a message each', async () => {
    const topic = await stage.topic(1)
    const client = clientOf()
    const reader = client.reader(readerOf({ topic }))
    const waiting = [reader.read(), reader.read(), reader.read()]
    const writer = client.writer({ topic, logger })
    await Promise.all(['0', '1', '2', '3', '4'].map((value) => writer.write(value)))
    const first = await Promise.all(waiting)
    const values = first.map((message) => message!.value!.toString())
    for await (const message of reader) {
      values.push(message.value!.toString())
      if (values.length === 5) void reader.close()
    }
    expect(values).toEqual(['0', '1', '2', '3', '4'])
    await expect(reader.read()).rejects.toMatchObject({ code: 'ZK_READER_CLOSED' })
  })

  // The embedded broker makes topics of the names that it is asked for.
  test.runIf(isReal)('of a topic that is not there says so, and the next read tries again', async () => {
    const topic = `missing-${randomUUID()}`
    const reader = clientOf().reader(readerOf({ topic }))
    await expect(reader.read()).rejects.toMatchObject({ code: 'ZK_TOPIC_NOT_FOUND' })
    await stage.topic(1, topic)
    await stage.produce(topic, [{ key: 'k' }])
    expect((await reader.read())!.offset).toBe(0)
  })

  test('with a property that librdkafka does not know fails its first read, and names it', async () => {
    const topic = await stage.topic(1)
    const reader = clientOf().reader(readerOf({ topic, additionalProps: { 'no.such.property': 1 } }))
    await expect(reader.read()).rejects.toMatchObject({
      code: 'ZK_CONFIG_UNKNOWN_PROPERTY',
      message: expect.stringContaining('no.such.property'),
    })
  })

  test('whose format cannot prepare yet gives the message again; one that never can gives its bytes', async () => {
    const topic = await stage.topic(1)
    await stage.produce(topic, [{ key: 'a', value: 'v' }])
    const failures = [
      Object.assign(new Error('the registry is down'), { retryable: true }),
      new Error('no such schema'),
    ]
    const format = {
      ...bytes,
      prepareDecode: () => {
        const failure = failures.shift()
        return failure === undefined ? undefined : Promise.reject(failure)
      },
    }
    const reader = clientOf().reader({ ...readerOf({ topic }), format })
    await expect(reader.read()).rejects.toThrow('the registry is down')
    const message = (await reader.read())!
    expect(() => message.value).toThrow('no such schema')
    expect(message).toMatchObject({ offset: 0, rawValue: Buffer.from('v') })
  })
})

/** The mock broker gives each its share when the other's session has run out at the latest. */
const owned = (reader: Reader) => reader.assignments().length

test.each(readers)(
  'two readers of a group share its partitions, and one that never is done gives them back; %s',
  async (kind) => {
    const topic = await stage.topic(2)
    await stage.produce(topic, [
      { partition: 0, key: 'a' },
      { partition: 1, key: 'b' },
    ])
    const input = readerOf({ topic, reader: kind, drainTimeoutMs: 500 })
    const first = clientOf().reader({ ...input, clientId: 'first' })
    expect(first.assignments()).toEqual([])
    const stuck = [(await first.read())!, (await first.read())!]
    expect(first.assignments()).toEqual([
      { topic, partition: 0 },
      { topic, partition: 1 },
    ])
    const second = clientOf().reader({ ...input, clientId: 'second' })
    const arrived = await second.read()
    await eventually(() => owned(first) === 1 && owned(second) === 1)
    // What the first one had in its hands and never was done with is read again.
    expect(stuck.map(({ partition }) => partition)).toContain(arrived!.partition)
    expect(second.assignments()).toEqual([{ topic, partition: arrived!.partition }])
  },
)

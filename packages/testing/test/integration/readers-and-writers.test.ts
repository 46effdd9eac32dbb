/** `client.reader` and `client.writer` together: what is written is read as it was, and a client that is closed ends them all. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createClient } from '@zk/runtime'
import { json, string } from '@zk/runtime/processor'
import { describe, expect, test } from 'vitest'
import { clientOf, logger, readerOf, wholeTopic } from './clients.js'
import { quick, readers, recorder } from './stage.js'
import { stage } from './the-stage.js'

test.each(readers)('what a writer writes a reader reads, decoded, with all that belongs to it; %s', async (kind) => {
  const topic = await stage.topic(3)
  const client = clientOf()
  const format = json()
  const writer = client.writer({ topic, format, producer: kind, logger })
  const timestamp = Date.now() - 60_000
  const value = { amount: 3, text: 'é' }
  const headers = { hello: 'world', raw: Buffer.from('1') }
  const sent = await writer.writeKey('customer', value, { partition: 2, timestamp, headers })
  expect(sent).toEqual({ partition: 2, offset: 0 })
  const reader = client.reader({ ...readerOf({ topic, reader: kind }), format })
  const message = (await reader.read())!
  expect(message).toMatchObject({ topic, partition: 2, offset: 0, timestamp, key: Buffer.from('customer'), value })
  expect(message.rawValue).toEqual(Buffer.from(JSON.stringify(value)))
  expect([...message.headers]).toEqual([
    ['hello', Buffer.from('world')],
    ['raw', Buffer.from('1')],
  ])
})

test.each(readers)('a null key, an empty one, a tombstone and empty bytes stay what they are; %s', async (kind) => {
  const topic = await stage.topic(1)
  const writer = clientOf().writer({ topic, producer: kind, logger })
  await Promise.all([
    writer.write('no key'),
    writer.writeKey('', 'empty key'),
    writer.writeKey('tombstone', null),
    writer.writeRaw(null, null),
    writer.writeRaw('empty', ''),
  ])
  const read = await wholeTopic(topic, 5)
  expect(read.map(({ key, value }) => [key?.toString() ?? null, value?.toString() ?? null])).toEqual([
    [null, 'no key'],
    ['', 'empty key'],
    ['tombstone', null],
    [null, null],
    ['empty', ''],
  ])
})

test('a tombstone is never given to the format, and writeRaw goes past it', async () => {
  const topic = await stage.topic(1)
  const client = clientOf()
  const writer = client.writer({ topic, format: json(), logger })
  await Promise.all([writer.writeKey('k', null), writer.writeRaw('k', 'no json'), writer.write({ fine: true })])
  const reader = client.reader({ ...readerOf({ topic }), format: json() })
  const [tombstone, broken, fine] = [(await reader.read())!, (await reader.read())!, (await reader.read())!]
  expect(tombstone.value).toBeNull()
  expect(() => broken.value).toThrow(expect.objectContaining({ code: 'ZK_DECODE_FAILED' }))
  expect(broken.rawValue).toEqual(Buffer.from('no json'))
  expect(fine.value).toEqual({ fine: true })
})

test('header names may repeat, and null and bytes that are no text arrive', async () => {
  const topic = await stage.topic(1)
  const headers: [string, Buffer | null][] = [
    ['trace', Buffer.from([0, 255])],
    ['trace', null],
  ]
  await clientOf().writer({ topic, logger }).write('v', { headers })
  const [message] = await wholeTopic(topic, 1)
  expect([...message!.headers]).toEqual(headers)
  // What was read can be written on as it is.
  const other = await stage.topic(1)
  await clientOf().writer({ topic: other, logger }).write('v', { headers: message!.headers })
  expect([...(await wholeTopic(other, 1))[0]!.headers]).toEqual(headers)
})

test('many writes that nobody awaits keep their order in each partition', async () => {
  const topic = await stage.topic(3)
  const writer = clientOf().writer({ topic, format: string, logger })
  const sent: Promise<{ partition: number; offset: number }>[] = []
  for (let i = 0; i < 5_000; i++) sent.push(writer.writeKey(`k${i % 17}`, `${i}`))
  expect(await writer.flush()).toBe(true)
  const places = await Promise.all(sent)
  const read = await wholeTopic(topic, 5_000)
  for (const partition of [0, 1, 2]) {
    const values = read.filter((one) => one.partition === partition).map(({ value }) => Number(value))
    expect(values).toEqual([...values].sort((a, b) => a - b))
  }
  const at = new Map(read.map(({ partition, offset, value }) => [`${partition}@${offset}`, Number(value)]))
  expect(places.map(({ partition, offset }) => at.get(`${partition}@${offset}`))).toEqual([...Array(5_000).keys()])
})

test('brokers that cannot be reached fail a write within its delivery timeout, and a read with their addresses', async () => {
  const client = clientOf(`127.0.0.1:${await freePort()}`)
  const started = performance.now()
  const writer = client.writer({ topic: 'orders', deliveryTimeoutMs: 1_000, logger })
  await expect(writer.write('v')).rejects.toMatchObject({ code: 'ZK_WRITE_FAILED', retryable: true })
  expect(performance.now() - started).toBeLessThan(5_000)
  const reader = client.reader(readerOf({ topic: 'orders' }))
  // Meanwhile the first try is under way.
  expect(await reader.read({ timeoutMs: 50 })).toBeNull()
  await expect(reader.read()).rejects.toMatchObject({ code: 'ZK_BROKER_UNREACHABLE' })
})

test('with requestRequiredAcks 0 nobody says where a record is', async () => {
  const topic = await stage.topic(1)
  const writer = clientOf().writer({ topic, requestRequiredAcks: '0', enableIdempotence: false, logger })
  expect(await writer.write('v')).toEqual({ partition: 0, offset: -1 })
  expect((await wholeTopic(topic, 1))[0]!.value).toEqual(Buffer.from('v'))
})

describe('a client', () => {
  test('gives the same writer and reader again, anew when they are closed, and never another one in silence', async () => {
    const [topic, other] = [await stage.topic(1), await stage.topic(1)]
    const client = clientOf()
    const writer = client.writer({ topic, logger })
    expect(client.writer({ topic, logger })).toBe(writer)
    expect(client.writer({ topic: other, logger })).not.toBe(writer)
    expect(() => client.writer({ topic, lingerMs: 5 })).toThrow(expect.objectContaining({ code: 'ZK_CONFIG_CONFLICT' }))
    await writer.write('v')
    await writer.close()
    const again = client.writer({ topic, lingerMs: 5, logger })
    expect(await again.write('w')).toEqual({ partition: 0, offset: 1 })

    const input = readerOf({ topic, clientId: 'reads' })
    const reader = client.reader(input)
    expect(client.reader({ ...input })).toBe(reader)
    for (const different of [{ topic: other }, { groupId: 'another' }]) {
      expect(() => client.reader({ ...input, ...different })).toThrow(
        expect.objectContaining({ code: 'ZK_CONFIG_CONFLICT' }),
      )
    }
    await reader.close()
    const next = client.reader({ ...input, topic: other })
    expect(next).not.toBe(reader)
    await expect(reader.read()).rejects.toMatchObject({ code: 'ZK_READER_CLOSED' })
  })

  test('that is closed ends its works, then sends what its writers have, then commits what its readers have done', async () => {
    const topic = await stage.topic(1)
    const client = createClient({ bootstrapServers: stage.bootstrapServers.split(',') })
    const input = readerOf({ topic, autoCommitIntervalMs: 60_000 })
    const [writer, reader] = [client.writer({ topic, lingerMs: 300, logger }), client.reader(input)]
    await writer.write('first')
    ;(await reader.read())!.done()
    const last = writer.write('last')
    await client.close()
    expect(await last).toEqual({ partition: 0, offset: 1 })
    expect(await stage.committed(input.groupId, topic)).toEqual([1])
    expect(() => client.writer({ topic })).toThrow(expect.objectContaining({ code: 'ZK_CLIENT_CLOSED' }))
    expect(() => client.reader(input)).toThrow(expect.objectContaining({ code: 'ZK_CLIENT_CLOSED' }))
    await client.close()
  })
})

test('a writer with the client id of a work, and the dead letters of that work, do not get into each other’s way', async () => {
  const [topic, out, letters] = [await stage.topic(1), await stage.topic(1), await stage.topic(1)]
  await stage.produce(
    topic,
    ['0', '1', '2'].map((value, i) => ({ key: i % 2 === 0 ? 'bad' : 'fine', value })),
  )
  const client = clientOf()
  const writer = client.writer({ topic: out, clientId: 'billing', logger })
  const sent: Promise<unknown>[] = []
  const work = client.workFactory({ logger }).create({
    ...{ topic, groupId: `g-${randomUUID()}`, clientId: 'billing', speedup: 1, deadLetterTopic: letters },
    ...{ processor: recorder, additionalProps: quick },
    processorOptions: { journal: stage.journal().path, ms: 0, rules: { bad: 'throw' } },
    onDone: ({ offset }) => void sent.push(writer.writeKey('k', `egress of ${offset}`)),
  })
  expect(await work.run({ untilEnd: true })).toMatchObject({ processed: 3, deadLettered: 2 })
  await Promise.all(sent)
  expect((await stage.deadLetters(letters)).map(({ value }) => value)).toEqual(['0', '2'])
  const egress = (await wholeTopic(out, 3)).map(({ value }) => value!.toString())
  expect(egress.sort()).toEqual(['egress of 0', 'egress of 1', 'egress of 2'])
})

test('a program that has closed its client ends by itself', async () => {
  const topic = await stage.topic(1)
  const script = `
    const { createClient } = await import('@zk/runtime')
    const client = createClient({ bootstrapServers: ${JSON.stringify(stage.bootstrapServers.split(','))} })
    const writer = client.writer({ topic: ${JSON.stringify(topic)} })
    const reader = client.reader({ topic: ${JSON.stringify(topic)}, groupId: 'g-${randomUUID()}' })
    const { offset } = await writer.write('v')
    const message = await reader.read()
    message.done()
    await client.close()
    console.log('sent', offset, 'read', message.offset)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    env: { ...process.env, LOG_LEVEL: 'warn' },
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'exit')
  expect({ code, output }).toEqual({ code: 0, output: 'sent 0 read 0\n' })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

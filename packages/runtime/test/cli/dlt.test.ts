import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { parseClientConfig, parseWorkConfig } from '../../src/config/parse-config.js'
import { consumerProperties, producerProperties } from '../../src/config/properties.js'
import type { DeadLetter, HeaderStyle } from '../../src/delivery/dead-letter.js'
import { deadLetterHeaders } from '../../src/delivery/dead-letter-headers.js'
import { type EmbeddedBroker, startEmbeddedBroker } from '../../src/kafka/embedded-broker.js'
import { createProducer } from '../../src/kafka/producer.js'
import { type ScannedRecord, scanTopic } from '../../src/kafka/topic-scan.js'
import { copied, letter } from '../delivery/letters.js'
import { jsonLines, zk } from './zk.js'

const logger = pino({ level: 'silent' })
let broker: EmbeddedBroker
let topics = 0
let dlt: string
let orders: string
beforeAll(async () => {
  broker = await startEmbeddedBroker()
})
afterAll(() => broker.stop())
afterEach(() => {
  topics++
})

function config(topic: string) {
  const client = parseClientConfig({ bootstrapServers: broker.bootstrapServers.split(',') })
  return { client, work: parseWorkConfig({ topic, groupId: 'g', processor: './p.js' }, client) }
}

/** Makes the topics, and fills the dead letter topic: partition 0 in this order. */
async function fill(letters: readonly (Partial<DeadLetter> & { style?: HeaderStyle })[], strangers = 0) {
  dlt = `orders-${topics}.dlt`
  orders = `orders-${topics}`
  broker.createTopic(dlt, 2)
  broker.createTopic(orders, 4)
  const { client, work } = config(dlt)
  const producer = await createProducer({ properties: producerProperties(work, client), client: 'native', logger })
  const answers: unknown[] = []
  const channel = producer.channel({ delivered: (_, error) => answers.push(error) })
  for (const { style = 'zk', ...one } of letters) {
    const whole = letter({ topic: orders, ...one })
    const headers = deadLetterHeaders(whole, { style, groupId: 'billing', maxStackBytes: 4_096 })
    channel.send({ ...whole.record, topic: dlt, partition: 0, headers }, 0)
  }
  for (let i = 0; i < strangers; i++) channel.send({ ...copied(), topic: dlt, partition: 1 }, 0)
  await producer.flush(10_000)
  await producer.close(0)
  expect(answers.filter((error) => error !== undefined)).toEqual([])
}

async function read(topic: string): Promise<ScannedRecord[]> {
  const { client, work } = config(topic)
  const { bootstrapServers } = client
  const properties = consumerProperties(work, client)
  const found: ScannedRecord[] = []
  for await (const one of scanTopic({ topic, bootstrapServers, properties, reader: 'native', logger })) found.push(one)
  return found
}

const dltCli = (command: string, ...args: string[]) =>
  zk('dlt', command, '--brokers', broker.bootstrapServers, '--topic', dlt, ...args)

const three = [
  { partition: 0, offset: 1, cause: 'error', record: copied({ key: Buffer.from('a') }), failedAt: 1_000 },
  { partition: 1, offset: 2, cause: 'timeout', record: copied({ key: Buffer.from([0, 255]) }), failedAt: 2_000 },
  { partition: 2, offset: 3, cause: 'timeout', record: copied({ key: null, value: null }), failedAt: 3_000 },
] as const

test('ls: a time that no calendar has is shown as it is, and ends nothing', async () => {
  await fill([
    { offset: 1, failedAt: 9e15 },
    { offset: 2, failedAt: 1_000 },
  ])
  expect((await dltCli('ls')).stdout).toMatch(/0@0 .* 9000000000000000 /)
  const { code, stdout } = await dltCli('ls', '--json')
  expect(code).toBe(0)
  expect(jsonLines(stdout).map(({ failedAt }) => failedAt)).toEqual([
    '9000000000000000',
    '1970-01-01T00:00:01.000Z',
    undefined,
  ])
})

test('ls: a table that a person can read, and what it all was', async () => {
  await fill([...three, { style: 'spring', offset: 9 }, { style: 'connect', offset: 10 }], 2)
  const { code, stdout, stderr } = await dltCli('ls')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(/^ *AT +FAILED +CAUSE +ORIGIN +TRIES +KEY +ERROR$/)
  expect(lines[2]).toMatch(/^ *0@0 +1970-01-01T00:00:01Z +error +orders-\d+\[0\]@1 +2 +a +TypeError \(E_BOOM\): boom$/)
  expect(lines[3]).toMatch(/timeout .* 0x00ff /)
  expect(lines[4]).toMatch(/\(null\)/)
  expect(stdout).toContain(`5 dead letters among 7 records of ${dlt}: error 3, timeout 2.`)
})

test('ls: filters and a limit, which says how many are not shown', async () => {
  await fill(three)
  expect((await dltCli('ls', '--cause', 'timeout', '--limit', '1')).stdout).toMatch(
    /2 dead letters among 3 records of .*: timeout 2\. 1 more are not shown; --limit 2 shows all\./,
  )
  const found = async (...args: string[]) =>
    jsonLines((await dltCli('ls', '--json', ...args)).stdout).flatMap(({ event, offset }) =>
      event === 'letter' ? [offset] : [],
    )
  expect(await found('--key', 'a')).toEqual([0])
  expect(await found('--key', '0x00ff')).toEqual([1])
  expect(await found('--origin', orders, '--since', '1970-01-01T00:00:02Z')).toEqual([1, 2])
  expect(await found('--until', '1970-01-01T00:00:02Z')).toEqual([0])
  expect(await found('--since', '1h')).toEqual([])
})

test('ls --json: a line for each, and the counts last; --details has the stack', async () => {
  await fill(three)
  const lines = jsonLines((await dltCli('ls', '--json')).stdout)
  expect(lines[0]).toMatchObject({
    ...{ event: 'letter', partition: 0, offset: 0, cause: 'error', attempts: 2, group: 'billing', hops: 1 },
    ...{ origin: { topic: orders, partition: 0, offset: 1 }, key: 'a', valueBytes: 1, replayed: 0, style: 'zk' },
    stack: expect.stringContaining('charge.ts:7:3'),
  })
  expect(lines.at(-1)).toEqual({ event: 'end', topic: dlt, records: 3, letters: 3, causes: { error: 1, timeout: 2 } })
  const { stdout } = await dltCli('ls', '--details', '--key', 'a')
  expect(stdout).toContain('charge.ts:7:3')
})

test('ls of an empty topic says so; of one that is not there, its code', async () => {
  await fill([])
  expect((await dltCli('ls')).stdout).toBe(`No such dead letter among the 0 records of ${dlt}.\n`)
  const { code, stderr } = await zk('dlt', 'ls', '--brokers', broker.bootstrapServers, '--topic', 'nowhere.dlt')
  expect(code).toBe(1)
  expect(stderr).toMatch(/^ZK_TOPIC_NOT_FOUND/m)
})

test('replay without --execute writes nothing, and says what it would write', async () => {
  await fill(three, 1)
  const { code, stdout } = await dltCli('replay', '--cause', 'timeout')
  expect(code).toBe(0)
  expect(stdout).toMatch(/WOULD WRITE +TO +PARTITIONS\n.*\n +2 +orders-\d+ +1, 2\n/)
  expect(stdout).toContain(`1 record of ${dlt} is no dead letter`)
  expect(stdout).toContain('Nothing was written. With --execute it is')
  expect(await read(orders)).toEqual([])
})

test('replay --execute writes each back to its partition, as it was, and the dead letters stay', async () => {
  const headers = [
    ['trace', null],
    ['trace', Buffer.from([0])],
  ] as const
  await fill([...three.slice(0, 2), { ...three[2], record: copied({ key: null, value: null, headers }) }])
  const { code, stdout } = await dltCli('replay', '--execute')
  expect(stdout).toMatch(/WRITTEN +TO/)
  expect(stdout).toContain('another replay would write them again')
  expect(code).toBe(0)
  const back = (await read(orders)).sort((a, b) => a.partition - b.partition)
  expect(back).toMatchObject([
    { partition: 0, key: Buffer.from('a'), value: Buffer.from('v') },
    { partition: 1, key: Buffer.from([0, 255]) },
    { partition: 2, key: null, value: null },
  ])
  expect(back[2]!.headers).toEqual([
    ...headers,
    ['zk.replayed.from', Buffer.from(`${dlt}[0]@2`)],
    ['zk.replayed.count', Buffer.from('1')],
    ['zk.replayed.timestamp', Buffer.from('1000')],
  ])
  expect(await read(dlt)).toHaveLength(3)
})

test('replay keeps the order of a partition of the dead letter topic', async () => {
  await fill(
    Array.from({ length: 3_000 }, (_, offset) => ({
      partition: 1,
      offset,
      record: copied({ value: Buffer.from(`${offset}`) }),
    })),
  )
  const { code, stdout } = await dltCli('replay', '--execute', '--json')
  expect(code).toBe(0)
  expect(jsonLines(stdout).at(-1)).toMatchObject({
    event: 'end',
    executed: true,
    letters: 3_000,
    replayed: 3_000,
    skipped: 0,
  })
  expect((await read(orders)).map(({ value }) => Number(value))).toEqual(Array.from({ length: 3_000 }, (_, i) => i))
})

test('replay: what cannot be written is said, the rest is written, and the exit code is 1', async () => {
  const dropped = copied({ value: null, headers: [['zk.dlt.value.dropped', Buffer.from('5000')]] })
  await fill([three[0], { ...three[1], record: dropped }, { ...three[2], topic: 'gone' }])
  const { code, stdout } = await dltCli('replay', '--execute')
  expect(code).toBe(1)
  expect(stdout).toContain(
    `1 dead letter could not be replayed: its value (5000 bytes) was too large for the dead letter topic and is not there (${dlt}[0]@1)`,
  )
  expect(stdout).toContain('topic gone is not there')
  expect(await read(orders)).toHaveLength(1)
})

test('replay to another topic, and a record that was replayed before is told', async () => {
  await fill([{ ...three[0], record: copied({ headers: [['zk.replayed.count', Buffer.from('2')]] }) }])
  const { code, stdout } = await dltCli('replay', '--to', 'nowhere')
  expect(code).toBe(1)
  expect(stdout).toBe('')
  broker.createTopic(`other-${topics}`, 1)
  const second = await dltCli('replay', '--to', `other-${topics}`, '--execute')
  expect(second.code).toBe(0)
  expect(second.stdout).toContain('1 of them had been replayed before, up to 2 times')
  const [back] = await read(`other-${topics}`)
  expect(new Map(back!.headers).get('zk.replayed.count')).toEqual(Buffer.from('3'))
  expect(await read(orders)).toEqual([])
})

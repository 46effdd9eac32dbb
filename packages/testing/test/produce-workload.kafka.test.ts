import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import type { ProducedLine } from '../src/ledger/lines.js'
import { produceWorkload } from '../src/produce-workload.js'
import { readWorkloadValue, workload } from '../src/workload.js'

const bootstrapServers = process.env.KAFKA_BOOTSTRAP!

async function readBack(topic: string, count: number): Promise<Map<string, { key: string | null; seq: number }>> {
  const kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: randomUUID() })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const found = new Map<string, { key: string | null; seq: number }>()
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ partition, message }) => {
          const { key, seq } = readWorkloadValue(message.value!)
          expect(message.key?.toString() ?? null).toBe(key)
          found.set(`${partition}@${message.offset}`, { key, seq })
          if (found.size === count) resolve()
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
  return found
}

test('every record is where the produced line says, and a key has one partition', async () => {
  const topic = `workload-${randomUUID()}`
  const records = workload({ seed: 3, messages: 3500, keys: 40, keyless: 0.1 })
  const lines: ProducedLine[] = []
  const onProduced = (line: ProducedLine) => lines.push(line)
  expect(await produceWorkload({ bootstrapServers, topic, records, partitions: 5, onProduced })).toBe(3500)
  expect(lines).toHaveLength(3500)

  const found = await readBack(topic, 3500)
  for (const { key, seq, partition, offset } of lines) expect(found.get(`${partition}@${offset}`)).toEqual({ key, seq })

  const homes = new Map<string, Set<number>>()
  for (const { key, partition } of lines) if (key !== null) homes.set(key, (homes.get(key) ?? new Set()).add(partition))
  for (const partitions of homes.values()) expect(partitions.size).toBe(1)
  expect(new Set(lines.map((line) => line.partition)).size).toBe(5)
})

test('keys are placed by Kafka’s murmur2', async () => {
  const topic = `workload-${randomUUID()}`
  // Kafka's own test vectors: murmur2("21") = -973932308, murmur2("foobar") = -790332482, made positive, modulo 7.
  const records = ['21', 'foobar'].map((key) => ({ key, seq: 0, value: Buffer.from(JSON.stringify({ key, seq: 0 })) }))
  const lines: ProducedLine[] = []
  await produceWorkload({ bootstrapServers, topic, records, partitions: 7, onProduced: (line) => lines.push(line) })
  const expected = [-973932308, -790332482].map((hash) => (hash & 0x7fffffff) % 7)
  expect(lines.map((line) => line.partition)).toEqual(expected)
})

test('a topic that does not exist is an error, not a new topic', async () => {
  const records = workload({ messages: 1 })
  const produced = produceWorkload({ bootstrapServers, topic: `nowhere-${randomUUID()}`, records })
  await expect(produced).rejects.toThrow(/does not host this topic-partition/)
})

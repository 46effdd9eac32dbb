/**
 * Produces a workload with kafkajs, an implementation of Kafka that shares nothing with the one under test. Placed by
 * Kafka's own murmur2, as Java and most producers do. For development: kafkajs is no dependency of the package.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Kafka, logLevel, Partitioners, type RecordMetadata } from 'kafkajs'
import type { ProducedLine } from './ledger/lines.js'
import type { WorkloadRecord } from './workload.js'

export interface ProduceOptions {
  /** host:port, comma separated. */
  bootstrapServers: string
  topic: string
  records: Iterable<WorkloadRecord>
  /** Creates the topic first, with so many partitions. Without it the topic must exist. */
  partitions?: number
  /** Called for each record when the broker has acknowledged it, in order of offset within a partition. */
  onProduced?: (line: ProducedLine) => void
  /** Records a request; default 1,000, and with `perSecond` at most what a fiftieth of a second brings. */
  batchSize?: number
  /** Spread evenly over time. Default: as fast as the broker takes them. */
  perSecond?: number
}

/** @returns how many records were acknowledged: all of them, or it rejects. */
export async function produceWorkload(options: ProduceOptions): Promise<number> {
  const { bootstrapServers, topic, records, partitions, onProduced = () => {} } = options
  const { batchSize = 1000, perSecond = Number.POSITIVE_INFINITY } = options
  // Its log says nothing that a rejection does not say: a coordinator that is still loading, and the like.
  const kafka = new Kafka({ clientId: 'workload', brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING })
  const partitionCount = await preparedTopic(kafka, topic, partitions)
  const placed = placer(topic, partitionCount)
  // Idempotent, one request at a time: a retry neither repeats nor reorders, so offsets follow from the base offset.
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
  await producer.connect()
  try {
    let count = 0
    const began = performance.now()
    for (const batch of batches(records, Math.min(batchSize, Math.ceil(perSecond / 50)))) {
      const early = began + (count / perSecond) * 1000 - performance.now()
      if (early > 0) await delay(early)
      const messages = batch.map((record) => ({ key: record.key, value: record.value, partition: placed(record) }))
      const bases = await producer.send({ topic, messages, acks: -1 })
      const next = nextOffsets(bases)
      batch.forEach(({ key, seq }, i) => {
        const { partition } = messages[i]
        onProduced({ type: 'produced', key, seq, topic, partition, offset: next(partition) })
      })
      count += batch.length
    }
    return count
  } finally {
    await producer.disconnect()
  }
}

async function preparedTopic(kafka: Kafka, topic: string, partitions: number | undefined): Promise<number> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    if (partitions !== undefined) await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] })
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0].partitions.length
  } finally {
    await admin.disconnect()
  }
}

/**
 * Kafkajs does not tell to which partition it sent a record, so it is asked before and told explicitly. It gets no
 * leaders to avoid: a record's partition must not depend on which broker is down.
 */
function placer(topic: string, partitions: number): (record: WorkloadRecord) => number {
  const place = Partitioners.DefaultPartitioner()
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    ...{ partitionId, partitionErrorCode: 0, leader: 1, replicas: [1], isr: [1] },
  }))
  return ({ key, value }) => place({ topic, partitionMetadata, message: { key, value } })
}

function* batches<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = []
  for (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function nextOffsets(answers: RecordMetadata[]): (partition: number) => number {
  const next = new Map(answers.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]))
  return (partition) => {
    const offset = next.get(partition)
    if (offset === undefined || Number.isNaN(offset)) throw new Error(`partition ${partition} was not acknowledged`)
    next.set(partition, offset + 1)
    return offset
  }
}

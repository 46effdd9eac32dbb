/** A writer's producer in memory: each record is acknowledged, or refused, in a later turn. */
import type { ProducerChannel, RecordToSend, WriterProducer } from '@zk/runtime/internal/fake-client'
import type { FakeTopics } from './topics.js'

/** librdkafka's code for a partition that is not there. */
const UNKNOWN_PARTITION = -190

export class FakeProducer implements WriterProducer {
  readonly #topics: FakeTopics

  constructor(topics: FakeTopics) {
    this.#topics = topics
  }

  async connect(): Promise<void> {}

  readonly isCutOff = false

  /** Any header value, as the addon's producer. */
  carries(): boolean {
    return true
  }

  async close(): Promise<void> {}

  channel(listener: Parameters<WriterProducer['channel']>[0]): ProducerChannel {
    return {
      send: (record, token) => {
        const { failure, partition, offset } = written(this.#topics, record)
        queueMicrotask(() => listener.delivered(token, failure, partition, offset))
      },
    }
  }
}

interface Delivery {
  readonly failure: { code: number; message: string; mayBeWritten: boolean } | undefined
  readonly partition: number
  readonly offset: number
}

/** What the brokers answer. */
export function written(topics: FakeTopics, record: RecordToSend): Delivery {
  const refusal = topics.refusalOf(record.topic)
  if (refusal !== undefined) return { failure: { ...refusal, mayBeWritten: false }, partition: -1, offset: -1 }
  try {
    const { partition, offset } = topics.append(record, true)
    return { failure: undefined, partition, offset }
  } catch (error) {
    const failure = { code: UNKNOWN_PARTITION, message: (error as Error).message, mayBeWritten: false }
    return { failure, partition: -1, offset: -1 }
  }
}

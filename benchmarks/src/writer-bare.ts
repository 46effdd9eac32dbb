/** The other side of the writer suite: node-rdkafka's producer with the same properties, and a count of its reports. */
import Kafka, { type LibrdKafkaError } from 'node-rdkafka'
import type { WriteRun } from './writer.js'

/** How often it asks for reports while it waits. Nothing wakes it, as a writer is woken. */
const POLL_MS = 5

export interface BareProducer {
  measure(messages: number): Promise<WriteRun>
  close(): Promise<void>
}

export async function bareProducer(
  bootstrap: string,
  topic: string,
  value: Buffer,
  most: number,
): Promise<BareProducer> {
  const producer = new Kafka.Producer({
    'bootstrap.servers': bootstrap,
    'enable.idempotence': true,
    // A writer's default.
    'linger.ms': 0,
    'queue.buffering.max.messages': most,
    partitioner: 'consistent_random',
    dr_cb: true,
  } as never)
  await new Promise<void>((resolve, reject) => {
    producer.connect({}, (error: LibrdKafkaError) => (error ? reject(error) : resolve()))
  })
  let outstanding = 0
  let settled: () => void = () => {}
  let refused: LibrdKafkaError | undefined
  producer.on('delivery-report', (error: LibrdKafkaError | null) => {
    if (error) refused ??= error
    if (--outstanding === 0) settled()
  })
  producer.setPollInterval(POLL_MS)
  return {
    async measure(messages) {
      const done = new Promise<void>((resolve) => {
        settled = resolve
      })
      outstanding = messages
      const started = performance.now()
      for (let i = 0; i < messages; i++) producer.produce(topic, null, value, `key-${i % 100}`)
      const called = performance.now()
      await done
      if (refused !== undefined) throw refused
      return {
        callMicros: ((called - started) * 1_000) / messages,
        rate: (messages * 1_000) / (performance.now() - started),
      }
    },
    close: () => new Promise((resolve) => producer.disconnect(() => resolve())),
  }
}

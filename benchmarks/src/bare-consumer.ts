/** A plain node-rdkafka consumer, as the other side of a suite has it. */
import Kafka, { type LibrdKafkaError } from 'node-rdkafka'

const ASSIGN = Kafka.CODES.ERRORS.ERR__ASSIGN_PARTITIONS

type Properties = Readonly<Record<string, string | number | boolean>>

export interface BareConsumerOptions {
  bootstrap: string
  topic: string
  from: 'earliest' | 'latest'
  /** Of librdkafka, besides. */
  properties?: Properties
  /** Of its topics: those among `properties` would be replaced by any that node-rdkafka is given here. */
  topicProperties?: Properties
  /** Before they are fetched. */
  onAssigning?(partitions: readonly Kafka.Assignment[]): void
  onAssigned?(): void
}

/** Connected and subscribed, in a group of its own, with the runtime's strategy, and no throttle on a backlog. */
export async function bareConsumer(options: BareConsumerOptions): Promise<Kafka.KafkaConsumer> {
  const { bootstrap, topic, from, properties, topicProperties, onAssigning = () => {}, onAssigned = () => {} } = options
  const consumer: Kafka.KafkaConsumer = new Kafka.KafkaConsumer(
    {
      'bootstrap.servers': bootstrap,
      'group.id': `bare-${process.pid}-${Date.now()}`,
      'enable.auto.offset.store': false,
      'partition.assignment.strategy': 'cooperative-sticky',
      'heartbeat.interval.ms': 1_000,
      'fetch.queue.backoff.ms': 10,
      ...properties,
      rebalance_cb: (event: LibrdKafkaError, partitions: Kafka.Assignment[]) => {
        if (event.code !== ASSIGN) {
          consumer.incrementalUnassign(partitions)
          return
        }
        onAssigning(partitions)
        consumer.incrementalAssign(partitions)
        onAssigned()
      },
    } as never,
    { ...topicProperties, 'auto.offset.reset': from },
  )
  await new Promise<void>((resolve, reject) => consumer.connect({}, (error) => (error ? reject(error) : resolve())))
  consumer.subscribe([topic])
  return consumer
}

export function consumed(consumer: Kafka.KafkaConsumer, most: number): Promise<Kafka.Message[]> {
  return new Promise((resolve, reject) =>
    consumer.consume(most, (error, batch) => (error ? reject(error) : resolve(batch))),
  )
}

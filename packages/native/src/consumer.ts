import Kafka, { type KafkaConsumer } from 'node-rdkafka'
import type { Client } from './binding.js'
import { NativeError } from './errors.js'

/**
 * The object behind a consumer that the addon can unwrap. The check is what stands between a wrong argument and a
 * crash: C++ sees only an object with an internal field, whatever class wrote it.
 */
export function clientOf(consumer: KafkaConsumer): Client {
  if (!((consumer as unknown) instanceof Kafka.KafkaConsumer))
    throw new NativeError(
      'ZK_NATIVE_NOT_A_CONSUMER',
      'Expected a KafkaConsumer of the node-rdkafka that @zk/native depends on (another copy of node-rdkafka does not do)',
    )
  if (!consumer.isConnected()) throw new NativeError('ZK_NATIVE_NOT_A_CONSUMER', 'The KafkaConsumer is not connected')
  return consumer.getClient() as Client
}

import Kafka, { type Client as KafkaClient } from 'node-rdkafka'
import { addon, type Client } from './binding.js'
import { KafkaError, NativeError } from './errors.js'

/** Not connected, closing, or just being locked by node-rdkafka. */
const ERR__STATE = -172

/**
 * Gives a connected client its next token for SASL/OAUTHBEARER. node-rdkafka's `setOauthBearerToken` is for the first one,
 * before it connects: afterwards that waits on the main thread for a lock.
 * @returns false when it cannot be given now; try again while the client lives
 * @throws KafkaError when librdkafka does not take it
 */
export function setToken(client: KafkaClient<never>, token: string): boolean {
  const isOurs = (client as unknown) instanceof Kafka.KafkaConsumer || (client as unknown) instanceof Kafka.Producer
  if (!isOurs) {
    throw new NativeError(
      'ZK_NATIVE_NOT_A_CONSUMER',
      'Expected a client of the node-rdkafka that @zk/native depends on',
    )
  }
  return tokenTaken(addon.setToken(client.getClient() as Client, token))
}

export function tokenTaken(code: number): boolean {
  if (code === 0) return true
  if (code === ERR__STATE) return false
  throw new KafkaError(code, `setToken: ${addon.errorText(code)}`)
}

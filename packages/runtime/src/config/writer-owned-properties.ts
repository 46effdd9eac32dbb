/** librdkafka properties that `additionalProps` of a writer may not set, each with the reason that the error gives. */
import { field, ownedProperty } from './owned-properties.js'

const transactions = 'writers have no transactions: a record is written once, each by itself'

const owned: Readonly<Record<string, string>> = {
  'client.id': field('clientId'),
  'bootstrap.servers': field('bootstrapServers'),
  'metadata.broker.list': field('bootstrapServers'),
  acks: field('requestRequiredAcks'),
  'request.required.acks': field('requestRequiredAcks'),
  'enable.idempotence': field('enableIdempotence'),
  'delivery.timeout.ms': field('deliveryTimeoutMs'),
  'message.timeout.ms': field('deliveryTimeoutMs'),
  'linger.ms': field('lingerMs'),
  'queue.buffering.max.ms': field('lingerMs'),
  'socket.nagle.disable': field('nagleDisable'),
  partitioner: field('partitioner'),
  'transactional.id': transactions,
  'transaction.timeout.ms': transactions,
}

/** @returns why the property may not be given, or undefined when it may. */
export function writerOwnedProperty(name: string): string | undefined {
  return Object.hasOwn(owned, name) ? owned[name] : ownedProperty(name)
}

export const writerOwnedProperties = Object.entries(owned)

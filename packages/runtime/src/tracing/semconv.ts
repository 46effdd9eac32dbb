/**
 * Names of OpenTelemetry's semantic conventions for messaging, as of version 1.45.0 (status: development), in one place, because
 * they still change: https://opentelemetry.io/docs/specs/semconv/messaging/kafka/.
 */

export const attribute = {
  system: 'messaging.system.name',
  /** Its name until 1.44, by which the tools of today know a messaging span. */
  systemBefore: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  /** A text. */
  partition: 'messaging.destination.partition.id',
  consumerGroup: 'messaging.consumer.group.name',
  clientId: 'messaging.client.id',
  offset: 'kafka.offset',
  /** Only where the key is text. */
  key: 'kafka.message.key',
  /** Only where it is true. */
  tombstone: 'kafka.message.tombstone',
  errorType: 'error.type',
} as const

/** What the conventions have no name for. */
export const own = {
  attempt: 'zk.attempt',
  virtualPartition: 'zk.virtual_partition',
  /** Why the handler was told to give up, where that is no failure of the record. */
  abortReason: 'zk.abort.reason',
  /** Why a record became a dead letter: `FailureCause`. */
  deadLetterCause: 'zk.dlt.cause',
} as const

export const SYSTEM = 'kafka'

/** Names and types of operations are the same words here. */
export type Operation = 'send' | 'process'

/** `{operation} {destination}` */
export function spanName(operation: Operation, topic: string): string {
  return `${operation} ${topic}`
}

export type Attributes = Record<string, string | number | boolean>

/** What every span has, for samplers at its start. */
export function commonAttributes(operation: Operation, topic: string, clientId: string): Attributes {
  return {
    [attribute.system]: SYSTEM,
    [attribute.systemBefore]: SYSTEM,
    [attribute.operationName]: operation,
    [attribute.operationType]: operation,
    [attribute.destination]: topic,
    [attribute.clientId]: clientId,
  }
}

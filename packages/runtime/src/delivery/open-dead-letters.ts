/** The dead letters of a work, made from its configuration, and what is checked before anything is consumed. */
import type { ClientConfig } from '../config/client-config.js'
import type { DeadLetterTopicConfig } from '../config/dead-letter-topic.js'
import { producerProperties } from '../config/properties.js'
import type { WorkConfig } from '../config/work-config.js'
import { errors } from '../errors.js'
import type { WriteHooks } from '../hooks/write-hooks.js'
import type { Credentials } from '../kafka/credentials.js'
import type { Producer } from '../kafka/producer.js'
import { isWritableTopic } from '../kafka/writable-topic.js'
import type { Logger } from '../log/logger.js'
import type { Tracing } from '../tracing/tracing.js'
import type { ZkError } from '../zk-error.js'
import { DeadLetters } from './dead-letters.js'

export interface OpenDeadLetters {
  config: WorkConfig & { deadLetterTopic: DeadLetterTopicConfig }
  client: ClientConfig
  producer: Producer
  /** Open. */
  credentials?: Credentials
  /** Undefined where no hook is about writes. */
  writes?: WriteHooks | undefined
  /** Undefined where no traces are wanted. */
  tracing?: Tracing | undefined
  logger: Logger
  /** Ends the work. */
  failed(error: ZkError): void
}

/**
 * @returns what writes them; its topic is there, and the producer is on its way to the brokers
 * @throws ZkError ZK_DEAD_LETTER_TOPIC, or when no broker answers
 */
export async function openDeadLetters(options: OpenDeadLetters): Promise<DeadLetters> {
  const { config, client, producer, credentials, writes, tracing, logger, failed } = options
  const { topic, headerStyle, oversized, maxStackBytes } = config.deadLetterTopic
  if (headerStyle === 'spring' && !producer.carriesAnyHeader) {
    throw errors.ZK_DEAD_LETTER_TOPIC(topic, "headerStyle 'spring' writes bytes, for which @zk/native must be built")
  }
  if (!(await isWritableTopic(topic, producerProperties(config, client), credentials))) {
    throw errors.ZK_DEAD_LETTER_TOPIC(topic, 'it does not exist, or this client may not see it')
  }
  await producer.connect()
  return new DeadLetters({
    ...{ topic, oversized, producer, writes, tracing, logger, failed },
    ...{ style: headerStyle, groupId: config.groupId, maxStackBytes },
  })
}

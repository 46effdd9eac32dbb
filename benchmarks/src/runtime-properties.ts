/** What the runtime tells librdkafka by default, for another side that is to have the same. */
import { consumerProperties, parseClientConfig, parseReaderConfig } from '@zk/runtime/internal/scan-topic'
import type { BareConsumerOptions } from './bare-consumer.js'

export function runtimeProperties(
  bootstrap: string,
  topic: string,
): Pick<BareConsumerOptions, 'properties' | 'topicProperties'> {
  const client = parseClientConfig({ bootstrapServers: bootstrap.split(',') })
  const config = parseReaderConfig({ topic, groupId: `bare-${process.pid}-${Date.now()}` }, client)
  const { global, topic: topicProperties } = consumerProperties(config, client)
  return { properties: global, topicProperties }
}

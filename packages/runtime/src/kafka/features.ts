/** The librdkafka that node-rdkafka was built with. */
import Kafka from 'node-rdkafka'

export const librdkafka: string = Kafka.librdkafkaVersion
/** What was compiled in, such as `zstd` and `sasl_scram`. */
export const features: readonly string[] = Kafka.features

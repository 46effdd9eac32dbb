/** What topics are read with, for the project's own benchmarks and test kit. Not covered by semantic versioning. */
export { parseClientConfig } from './config/parse-config.js'
export { parseReaderConfig } from './config/parse-reader-config.js'
export { consumerProperties } from './config/properties.js'
export { Credentials } from './kafka/credentials.js'
export { scanTopic } from './kafka/topic-scan.js'

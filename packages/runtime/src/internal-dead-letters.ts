/** For the project's own tests of dead letters on real brokers. Not covered by semantic versioning. */
export { parseClientConfig, parseWorkConfig } from './config/parse-config.js'
export { producerProperties } from './config/properties.js'
export type { DeadLetter } from './delivery/dead-letter.js'
export type { DeadLetters } from './delivery/dead-letters.js'
export { type OpenDeadLetters, openDeadLetters } from './delivery/open-dead-letters.js'
export { createProducer, type Producer } from './kafka/producer.js'

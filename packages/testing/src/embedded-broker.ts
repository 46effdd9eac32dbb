/** An entry of its own (`@zk/testing/embedded-broker`): it loads node-rdkafka, which the rest of the kit does without. */
export { type EmbeddedBroker, type EmbeddedBrokerOptions, startEmbeddedBroker } from '@zk/runtime/embedded-broker'
export { type ReadTopicOptions, readTopic } from './broker/read-topic.js'
export { type SuiteHooks, type TestBroker, useEmbeddedBroker } from './broker/use-embedded-broker.js'

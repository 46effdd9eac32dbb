#!/usr/bin/env node
/**
 * Starts an example by its name, in this process: `start.mjs <example> [--rate n] [--count n] [--embedded]`.
 *
 * It makes the topics that the example uses where they are missing, on the Kafka that KAFKA_BOOTSTRAP names (default
 * localhost:9092, as with `pnpm kafka:up`). With `--embedded` it needs no Kafka: it brings a broker, a schema registry, and the
 * producer whose records the example reads.
 */
import { parseArgs } from 'node:util'
import { startEmbeddedBroker } from '@zk/runtime/embedded-broker'
import { EXAMPLES } from './launcher/examples.mjs'
import { serveRegistry } from './launcher/registry.mjs'
import { makeTopics } from './launcher/topics.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string' },
    count: { type: 'string' },
    embedded: { type: 'boolean', default: false },
  },
})
const example = EXAMPLES[positionals[0] ?? '']
if (example === undefined || positionals.length > 1) {
  console.error(
    `usage: start.mjs <example> [--rate n] [--count n] [--embedded]\nexamples: ${Object.keys(EXAMPLES).join(', ')}`,
  )
  process.exit(2)
}

const { env } = process
if (values.rate !== undefined) env.RATE = values.rate
if (values.count !== undefined) env.COUNT = values.count
env.TOPIC ??= example.topic ?? 'orders'
const topics = [env.TOPIC, ...(example.more ?? []).map((suffix) => `${env.TOPIC}.${suffix}`)]

if (values.embedded) {
  const broker = await startEmbeddedBroker({ topics })
  // When nothing else is left to do: the example has ended by itself, or been told to by Ctrl-C.
  process.once('beforeExit', () => void broker.stop())
  env.KAFKA_BOOTSTRAP = broker.bootstrapServers
  env.SCHEMA_REGISTRY_URL = await serveRegistry()
  if (example.reads !== undefined) void import(EXAMPLES[example.reads].main)
} else {
  env.KAFKA_BOOTSTRAP ??= 'localhost:9092'
  await makeTopics(env.KAFKA_BOOTSTRAP, topics)
}
await import(example.main)

/**
 * What `start.mjs` knows of each example.
 *
 * @typedef {object} Example
 * @property {string} main
 * @property {string} [topic] default: orders
 * @property {string[]} [more] topics beside that one, named after it
 * @property {string} [reads] whose records it reads
 */

/** @type {Record<string, Example>} */
const examples = {
  producer: { main: 'producer/produce.js' },
  worker: { main: 'worker/worker.js', reads: 'producer' },
  'deadletter-worker': { main: 'worker-deadletter/worker.js', reads: 'producer', more: ['dead'] },
  'delay-worker': { main: 'worker-delay/worker.js', reads: 'producer' },
  'batch-worker': { main: 'worker-batch/worker.js', reads: 'producer' },
  'hash-worker': { main: 'worker-hash/worker.js', reads: 'producer' },
  'retry-pipeline': { main: 'retry-pipeline/pipeline.js', reads: 'producer', more: ['retry', 'dead'] },
  'avro-producer': { main: 'producer-avro/produce.js', topic: 'orders-avro' },
  'avro-worker': { main: 'worker-avro/worker.js', topic: 'orders-avro', reads: 'avro-producer' },
  'proto-producer': { main: 'proto/produce.js', topic: 'orders-proto' },
  'proto-worker': { main: 'proto/worker.js', topic: 'orders-proto', reads: 'proto-producer' },
  fastify: { main: 'fastify/app.js', reads: 'producer' },
  nestjs: { main: 'nestjs/dist/main.js', reads: 'producer' },
}

/** With `main` as the address of the module. */
export const EXAMPLES = Object.fromEntries(
  Object.entries(examples).map(([name, example]) => [
    name,
    { ...example, main: new URL(`../${example.main}`, import.meta.url).href },
  ]),
)

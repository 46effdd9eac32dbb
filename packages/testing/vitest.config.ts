import { defaultExclude, defineConfig } from 'vitest/config'

/** Tests that need a real Kafka run where there is one: `node compose/run-with-kafka.mjs -- pnpm test`. */
const withoutKafka = process.env.KAFKA_BOOTSTRAP ? [] : ['**/*.kafka.test.ts']

export default defineConfig({
  test: { name: '@zk/testing', pool: 'forks', testTimeout: 30_000, exclude: [...defaultExclude, ...withoutKafka] },
})

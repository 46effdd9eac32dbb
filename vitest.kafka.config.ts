import { defineConfig } from 'vitest/config'

if (!process.env.KAFKA_BOOTSTRAP) {
  throw new Error('KAFKA_BOOTSTRAP does not name a Kafka: run `pnpm test:kafka`, which starts one')
}

/** Tests against a real Kafka, one file after the other: they share its brokers. */
export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.kafka.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: process.env.TEST_REPORT ? ['default', ['json', { outputFile: process.env.TEST_REPORT }]] : ['default'],
  },
})

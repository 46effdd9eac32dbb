import { defineConfig } from 'vitest/config'

if (!process.env.KAFKA_BOOTSTRAP) {
  throw new Error('KAFKA_BOOTSTRAP does not name a Kafka: run `pnpm test:kafka`, which starts one')
}

/**
 * Tests against a real Kafka. They mostly wait, so two files at a time keep two cores busy; each has topics and groups of its
 * own.
 */
export default defineConfig({
  test: {
    include: ['{packages/*,benchmarks}/test/**/*.kafka.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // As in vitest.config.ts: CI's last lines tell of each.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: process.env.TEST_REPORT ? ['default', ['json', { outputFile: process.env.TEST_REPORT }]] : ['default'],
  },
})

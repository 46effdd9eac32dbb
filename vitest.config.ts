import { defineConfig } from 'vitest/config'

/** A package may have a vitest.config.ts of its own; the rest share what is here. */
export default defineConfig({
  test: {
    // Processes, not threads: node-rdkafka cannot be loaded twice in one process.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: ['packages/*'],
  },
})

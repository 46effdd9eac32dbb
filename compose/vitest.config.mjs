// @ts-check
import { defineConfig } from 'vitest/config'

/** Without brokers; those with real ones are in test/*.e2e.mjs and run under `node --test`. */
export default defineConfig({ test: { name: 'compose', include: ['test/**/*.test.mjs'], pool: 'forks' } })

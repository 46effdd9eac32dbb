import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'

const packages = join(import.meta.dirname, 'packages')

/** A package with a vitest.config.ts of its own is run by that; the others share what is here. */
const projects = readdirSync(packages)
  .filter((name) => existsSync(join(packages, name, 'test')))
  .map((name): TestProjectConfiguration => {
    const root = join(packages, name)
    if (existsSync(join(root, 'vitest.config.ts'))) return root
    return { extends: true, root, test: { name: `@zk/${name}` } }
  })

export default defineConfig({
  test: {
    // Processes, not threads: node-rdkafka cannot be loaded twice in one process.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects,
  },
})

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { defaultExclude, defineConfig, type TestProjectConfiguration } from 'vitest/config'

const root = import.meta.dirname

/** Their suites start brokers and threads of their own: side by side they would only make each other late. */
const ONE_BY_ONE = ['native', 'runtime', 'testing']

const packages = readdirSync(join(root, 'packages'))
  .filter((name) => existsSync(join(root, 'packages', name, 'test')))
  .map((name): TestProjectConfiguration => {
    const folder = join(root, 'packages', name)
    const own = join(folder, 'vitest.config.ts')
    return {
      // A package's own settings, where it has some, else those below.
      extends: existsSync(own) ? own : true,
      root: folder,
      test: {
        name: `@zk/${name}`,
        exclude: [...defaultExclude, '**/*.kafka.test.ts'],
        ...(ONE_BY_ONE.includes(name) ? { maxWorkers: 1, sequence: { groupOrder: 1 } } : {}),
      },
    }
  })

export default defineConfig({
  test: {
    // Processes, not threads: node-rdkafka cannot be loaded twice in one process.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // CI adds up the results of all runs: TEST_REPORT names the file for those of this one.
    reporters: process.env.TEST_REPORT ? ['default', ['json', { outputFile: process.env.TEST_REPORT }]] : ['default'],
    projects: [
      ...packages,
      join(root, 'compose/vitest.config.mjs'),
      { extends: true, root: join(root, 'scripts'), test: { name: 'scripts', include: ['test/**/*.test.mjs'] } },
      {
        extends: true,
        root: join(root, 'apps/examples'),
        test: { name: 'examples', include: ['test/**/*.test.mjs'], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
})

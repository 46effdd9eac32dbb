import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { defaultExclude, defineConfig, type TestProjectConfiguration } from 'vitest/config'

const root = import.meta.dirname

/** What plays with brokers and processes has a second try in CI, where machines stall; CI's last lines tell of each. */
const retry = process.env.CI ? 1 : 0

/**
 * Their suites start brokers and threads of their own, and mostly wait: with two files at a time two cores have a third of
 * their time to do, with many they would make each other late. Whole runs come last, after the parts that they are made of,
 * and wait most.
 */
const WORKERS: Record<string, { maxWorkers: number; sequence: { groupOrder: number }; retry: number }> = {
  native: { maxWorkers: 2, sequence: { groupOrder: 1 }, retry },
  runtime: { maxWorkers: 2, sequence: { groupOrder: 1 }, retry },
  testing: { maxWorkers: 3, sequence: { groupOrder: 2 }, retry },
}

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
        ...WORKERS[name],
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
      {
        extends: true,
        root: join(root, 'benchmarks'),
        test: {
          name: 'benchmarks',
          include: ['test/**/*.test.ts'],
          exclude: [...defaultExclude, '**/*.kafka.test.ts'],
        },
      },
      join(root, 'compose/vitest.config.mjs'),
      { extends: true, root: join(root, 'scripts'), test: { name: 'scripts', include: ['test/**/*.test.mjs'] } },
      {
        extends: true,
        root: join(root, 'apps/examples'),
        test: { name: 'examples', include: ['test/**/*.test.mjs'], ...WORKERS.testing },
      },
    ],
  },
})

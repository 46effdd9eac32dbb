import { expect, test } from 'vitest'
import { engineOptions } from '../../src/work/run-options.js'
import { work } from '../config/parse-config/parsed.js'

test.each([
  [{ speedup: 64, concurrency: 50_000 }, 3_200_000],
  [{ speedup: 32, concurrency: 'auto', batch: { maxSize: 10_000 } }, 1_000_000],
  [{ speedup: 4, concurrency: 4_096 }, 32_768],
  [{ speedup: 4, concurrency: 1_000 }, 8_192],
  [{ speedup: 2 }, 8_192],
])('the window of %o has room for every handler, and takes no more memory than pays', (given, messages) => {
  expect(engineOptions({ config: work(given) }).window.maxMessages).toBe(messages)
})

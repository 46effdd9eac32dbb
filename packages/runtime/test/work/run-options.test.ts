import { expect, test } from 'vitest'
import { engineOptions } from '../../src/work/run-options.js'
import { work } from '../config/parse-config/parsed.js'

const windowOf = (given: Parameters<typeof work>[0]) => engineOptions({ config: work(given) }).window

test.each([
  [{ speedup: 64, concurrency: 50_000 }, 3_200_000],
  [{ speedup: 32, concurrency: 'auto', batch: { maxSize: 10_000 } }, 1_000_000],
  [{ speedup: 4, concurrency: 4_096 }, 32_768],
  [{ speedup: 4, concurrency: 1_000 }, 8_192],
  [{ speedup: 2 }, 8_192],
])('the window of %o has room for every handler, and takes no more memory than pays', (given, messages) => {
  expect(windowOf(given).maxMessages).toBe(messages)
})

test.each([
  [{ speedup: 2 }, 256],
  [{ speedup: 16 }, 512],
  [{ speedup: 16, windowMessages: 100 }, 100],
  [{ speedup: 16, concurrency: 2 }, 512],
  [{ speedup: 4, concurrency: 100 }, 6_400],
  [{ speedup: 4, concurrency: 1_000 }, 8_192],
  [{ speedup: 4, concurrency: 4_096 }, 32_768],
  [{ speedup: 4, concurrency: 1_000, windowMessages: 50_000 }, 50_000],
  [{ speedup: 4, concurrency: 1_000, windowMessages: 100_000 }, 64_000],
  [{ speedup: 4, concurrency: 1_000, windowMessages: 1_000 }, 1_000],
  [{ speedup: 1, concurrency: 'auto' }, 4_000],
  [{ speedup: 8, concurrency: 'auto' }, 16_000],
])('the window of %o starts at %i messages', (given, messages) => {
  expect(windowOf(given).minMessages).toBe(messages)
})

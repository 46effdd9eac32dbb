import type { MockCluster } from '@zk/native/mock-cluster'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Stage } from '../../../src/cli/bench/stage.js'

const PRODUCE = 0
const MSG_SIZE_TOO_LARGE = 10

/** The stage's own broker, which it shows to nobody. */
let cluster: MockCluster
vi.mock('@zk/native/mock-cluster', async (original) => {
  const { createMockCluster } = await original<typeof import('@zk/native/mock-cluster')>()
  return {
    createMockCluster: (...args: Parameters<typeof createMockCluster>) => {
      cluster = createMockCluster(...args)
      return cluster
    },
  }
})

let stage: Stage
beforeEach(async () => {
  stage = await Stage.open({
    isEmbedded: true,
    flags: {},
    records: [{ key: Buffer.from('k'), value: Buffer.from('v'), headers: [] }],
    messages: 10,
    logger: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    onProgress: () => {},
  })
})
afterEach(() => stage.close())

test('records that the paced topic refused are told with its name, and not again to whoever paces next', async () => {
  cluster.pushRequestErrors(PRODUCE, [MSG_SIZE_TOO_LARGE])
  const refused = stage.pace(1_000, 0.05)
  await expect(refused).rejects.toMatchObject({ code: 'ZK_BENCH_TOPIC', details: { topics: [stage.pacedTopic] } })
  await stage.pace(1_000, 0.05)
})

test('who paces ends those before', async () => {
  const before = stage.pace(10, 60)
  await stage.pace(1_000, 0.05)
  await before
}, 10_000)

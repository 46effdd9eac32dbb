/** Fields that are right by themselves, and not together. */
import { describe, expect, test } from 'vitest'
import { failure } from '../failure.js'
import { work } from './parsed.js'

describe('fields that contradict each other', () => {
  const conflict = (given: Record<string, unknown>, text: string) =>
    expect(failure(() => work(given))).toMatchObject({
      code: 'ZK_CONFIG_CONFLICT',
      message: expect.stringContaining(text),
    })

  test('a drain must end before the group takes the partitions', () => {
    conflict({ drainTimeoutMs: 299_000, graceMs: 1_000 }, 'drainTimeoutMs + graceMs (299000 + 1000 ms)')
    expect(work({ drainTimeoutMs: 298_999, graceMs: 1_000 }).drainTimeoutMs).toBe(298_999)
    conflict(
      { additionalProps: { 'max.poll.interval.ms': 11_000, 'session.timeout.ms': 6000 } },
      'maxPollIntervalMs (11000 ms)',
    )
  })

  test("the bound of concurrency 'auto' bounds nothing else", () => {
    conflict({ maxConcurrency: 50 }, 'maxConcurrency (50) is given together with concurrency 1')
    conflict({ concurrency: 100, maxConcurrency: 50 }, 'concurrency 100')
    expect(work({ concurrency: 'auto', maxConcurrency: 50 })).toMatchObject({ concurrency: 'auto', maxConcurrency: 50 })
    expect(work({ concurrency: 'auto' }).maxConcurrency).toBeUndefined()
  })

  test('there are no more handlers than messages in a window', () => {
    conflict({ speedup: 1_000, concurrency: 10_001 }, 'speedup × concurrency (1000 × 10001)')
    conflict({ speedup: 1_000, concurrency: 'auto', maxConcurrency: 10_001 }, 'speedup × maxConcurrency')
    expect(work({ speedup: 1_000, concurrency: 10_000 }).speedup).toBe(1_000)
  })

  test('a session must not outlast the poll interval', () => {
    conflict({ maxPollIntervalMs: 44_999 }, 'sessionTimeoutMs (45000 ms)')
    expect(work({ maxPollIntervalMs: 45_000 }).maxPollIntervalMs).toBe(45_000)
  })

  test.each([
    [{ sessionTimeoutMs: 30_000 }, {}, 'sessionTimeoutMs'],
    [{ assignmentStrategy: 'range' }, {}, 'assignmentStrategy'],
    [{}, { 'session.timeout.ms': 30_000 }, 'session.timeout.ms'],
    [{}, { 'heartbeat.interval.ms': 1000 }, 'heartbeat.interval.ms'],
    [{}, { 'group.protocol.type': 'consumer' }, 'group.protocol.type'],
    [{ assignmentStrategy: 'range', sessionTimeoutMs: 9000 }, {}, 'sessionTimeoutMs and assignmentStrategy'],
    [{ assignmentStrategy: 'range' }, { 'heartbeat.interval.ms': 1 }, 'assignmentStrategy and heartbeat.interval.ms'],
  ])('the group protocol consumer excludes %j %j', (fields, props, named) => {
    conflict({ ...fields, groupProtocol: 'consumer', additionalProps: props }, `Remove ${named},`)
    conflict({ ...fields, additionalProps: { 'group.protocol': 'consumer', ...props } }, `Remove ${named},`)
    conflict({ ...fields, additionalProps: { 'group.protocol': 'Consumer', ...props } }, `Remove ${named},`)
  })

  test('the group protocol consumer alone is fine, and knows no session timeout to contradict', () => {
    const given = [{ groupProtocol: 'consumer' }, { additionalProps: { 'group.protocol': 'consumer' } }]
    for (const protocol of given) {
      const config = work({ maxPollIntervalMs: 20_000, ...protocol })
      expect(config).toMatchObject({ groupProtocol: 'consumer', maxPollIntervalMs: 20_000 })
    }
  })

  test('the property group.protocol goes before the field, and must be one that there is', () => {
    const props = { additionalProps: { 'group.protocol': 'classic' } }
    expect(work({ groupProtocol: 'consumer', ...props, sessionTimeoutMs: 9000 }).groupProtocol).toBe('classic')
    const { problems } = failure(() => work({ additionalProps: { 'group.protocol': 'streams' } })).details as {
      problems: unknown[]
    }
    expect(problems).toEqual([
      { path: 'additionalProps["group.protocol"]', message: `is "streams"; expected 'classic' or 'consumer'` },
    ])
  })
})

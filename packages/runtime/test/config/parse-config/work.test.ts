/** What a work’s configuration is: its defaults, and what its fields take. */
import { describe, expect, test } from 'vitest'
import { parseClientConfig, parseWorkConfig } from '../../../src/config/parse-config.js'
import { failure } from '../failure.js'
import { minimal, problems, work } from './parsed.js'

describe('a work', () => {
  test('has batches of 100 messages that wait 10 ms where only one of the two is said', () => {
    expect(work({ batch: { maxSize: 500 } }).batch).toEqual({ maxSize: 500, maxWaitMs: 10 })
    expect(work({ batch: { maxWaitMs: 0 } }).batch).toEqual({ maxSize: 100, maxWaitMs: 0 })
  })

  test('has these defaults', () => {
    expect(work()).toEqual({
      topics: ['orders'],
      bootstrapServers: ['localhost:9092'],
      groupId: 'billing',
      clientId: 'billing',
      autoOffsetReset: 'earliest',
      isolationLevel: 'read_committed',
      waitForTopics: false,
      processor: './processor.js',
      speedup: 6,
      speedupReason: '6 CPUs are available',
      concurrency: 1,
      ordering: 'key',
      affinity: 'hash',
      reader: 'auto',
      setupTimeoutMs: 30_000,
      groupProtocol: 'classic',
      assignmentStrategy: 'cooperative-sticky',
      sessionTimeoutMs: 45_000,
      maxPollIntervalMs: 300_000,
      autoCommitIntervalMs: 1_000,
      commitEveryRecords: 10_000,
      processTimeoutMs: 60_000,
      drainTimeoutMs: 10_000,
      shutdownTimeoutMs: 25_000,
      graceMs: 1_000,
      tracer: false,
      propagator: true,
      terminateTimeoutMs: 5_000,
      stallAfterMs: 30_000,
      windowBytes: 64 * 1024 * 1024,
      maxUncommittedRecords: 100_000,
      queuedMaxKbytes: 8 * 1024,
      retry: { attempts: 1, backoffMs: 100, maxBackoffMs: 10_000, jitter: 0.5 },
      processDelayMs: 0,
      circuitBreaker: { after: 6, forMs: 60_000, scope: 'work' },
      onExhausted: 'complete',
      onDone: [],
      hooks: {},
      additionalProps: {},
    })
  })

  test('fields within a field have their own defaults, limits and suggestions', () => {
    expect(work({ retry: { attempts: 3 } }).retry).toEqual({
      attempts: 3,
      backoffMs: 100,
      maxBackoffMs: 10_000,
      jitter: 0.5,
    })
    const problems = (retry: unknown) => failure(() => work({ retry })).details!.problems
    expect(problems({ attempts: 0, jitter: 2 })).toEqual([
      { path: 'retry.attempts', message: 'is 0; expected a whole number of attempts, 1 to 10000' },
      { path: 'retry.jitter', message: 'is 2; expected a number, 0 to 1' },
    ])
    expect(problems({ attempt: 3 })).toEqual([
      { path: 'retry.attempt', message: 'is not a field; did you mean attempts?' },
    ])
    expect(problems(3)).toEqual([
      { path: 'retry', message: 'is 3; expected an object of attempts, backoffMs, maxBackoffMs, jitter' },
    ])
  })

  test('crashJournal is a path, or one with its number of deaths', () => {
    expect(work({ crashJournal: '/var/zk' }).crashJournal).toEqual({ path: '/var/zk', deaths: 2 })
    expect(work({ crashJournal: { path: 'zk' } }).crashJournal).toEqual({ path: 'zk', deaths: 2 })
    expect(work({ crashJournal: { path: 'zk', deaths: 5 } }).crashJournal).toEqual({ path: 'zk', deaths: 5 })
    const expected = 'expected a path, or { path, deaths } with deaths from 1 to 100'
    expect(problems(() => work({ crashJournal: true }))).toEqual({ crashJournal: `is true; ${expected}` })
    expect(failure(() => work({ crashJournal: { path: 'zk', deaths: 0 } })).message).toContain('expected')
  })

  test('onDone is a function or several, kept in their order; anything else is refused', () => {
    const [one, two] = [() => {}, () => {}]
    expect(work({ onDone: one }).onDone).toEqual([one])
    expect(work({ onDone: [two, one] }).onDone).toEqual([two, one])
    for (const onDone of [null, {}, [one, 1]]) {
      expect(failure(() => work({ onDone }))).toMatchObject({
        code: 'ZK_CONFIG_INVALID',
        message: expect.stringContaining('expected a function, or an array of functions'),
      })
    }
  })

  test('a number that is no safe integer is one problem', () => {
    expect(failure(() => work({ speedup: 1e20 })).details!.problems).toHaveLength(1)
  })

  test('what happens to processorOptions later does not reach the work', () => {
    const options: Record<string, unknown> = { region: 'eu' }
    const { processorOptions } = work({ processorOptions: options })
    options.connect = () => {}
    expect(processorOptions).toEqual({ region: 'eu' })
  })

  test('a given speedup is said to be given', () => {
    expect(work({ speedup: 8 })).toMatchObject({ speedup: 8, speedupReason: 'it is set in the configuration' })
  })

  test('the client id is its own, else the client’s, else the group', () => {
    const named = parseClientConfig({ bootstrapServers: ['a:1'], clientId: 'app' })
    expect(parseWorkConfig(minimal, named).clientId).toBe('app')
    expect(parseWorkConfig({ ...minimal, clientId: 'own' }, named).clientId).toBe('own')
    expect(work().clientId).toBe('billing')
  })

  test('the processor may be a URL', () => {
    const processor = new URL('file:///app/p.js')
    expect(work({ processor }).processor).toBe(processor)
  })
})

test('processorOptions that cannot be copied name the path', () => {
  expect(failure(() => work({ processorOptions: { db: { connect: () => {} } } }))).toMatchObject({
    code: 'ZK_OPTIONS_NOT_CLONEABLE',
    details: { path: 'processorOptions.db.connect', kind: 'a function' },
  })
  expect(work({ processorOptions: { region: 'eu' } }).processorOptions).toEqual({ region: 'eu' })
})

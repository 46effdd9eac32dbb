import { describe, expect, test } from 'vitest'
import { parseClientConfig, parseWorkConfig } from '../../src/config/parse-config.js'
import type { WorkConfig, WorkInput } from '../../src/config/work-config.js'
import { ZkError } from '../../src/zk-error.js'

const client = parseClientConfig({ bootstrapServers: ['localhost:9092'] })
const minimal: WorkInput = { topic: 'orders', groupId: 'billing', processor: './processor.js' }
const work = (more: Record<string, unknown> = {}): WorkConfig =>
  parseWorkConfig({ ...minimal, ...more }, client, () => ({ speedup: 6, reason: '6 CPUs are available' }))

function failure(run: () => unknown): ZkError {
  try {
    run()
  } catch (error) {
    if (ZkError.is(error)) return error
    throw error
  }
  throw new Error('expected it to throw')
}

function problems(run: () => unknown): Record<string, string> {
  const error = failure(run)
  expect(error.code).toBe('ZK_CONFIG_INVALID')
  const found = (error.details as { problems: { path: string; message: string }[] }).problems
  for (const { path, message } of found) expect(error.message).toContain(`${path}: ${message}`)
  return Object.fromEntries(found.map(({ path, message }) => [path, message]))
}

describe('a client', () => {
  test('needs nothing but servers', () => {
    expect(client).toEqual({ bootstrapServers: ['localhost:9092'], additionalProps: {} })
  })

  test.each(['localhost:9092', 'a-b.example.com:1', '10.0.0.1:65535', '[::1]:9092'])('takes %s', (server) => {
    expect(parseClientConfig({ bootstrapServers: [server] }).bootstrapServers).toEqual([server])
  })

  test.each([
    ['localhost', 'is not host:port'],
    ['localhost:', 'is not host:port'],
    [':9092', 'is not host:port'],
    ['::1:9092', 'is not host:port'],
    ['a:9092,b:9092', 'more than one server'],
    ['SASL_SSL://a:9092', 'is a URL'],
    ['a:0', 'outside of 1 to 65535'],
    ['a:65536', 'outside of 1 to 65535'],
    ['a b:9092', 'is not host:port'],
  ])('refuses %s: %s', (server, why) => {
    expect(problems(() => parseClientConfig({ bootstrapServers: ['ok:1', server] }))).toEqual({
      'bootstrapServers[1]': expect.stringContaining(why),
    })
  })

  test.each([
    [undefined, { '': 'is missing; expected an object' }],
    [{}, { bootstrapServers: 'is missing; expected an array of host:port' }],
    [{ bootstrapServers: [] }, { bootstrapServers: 'is an empty array; expected an array of host:port' }],
    [{ bootstrapServers: 'a:1' }, { bootstrapServers: 'is "a:1"; expected an array of host:port' }],
  ])('%j is refused with what was expected', (input, expected) => {
    const error = failure(() => parseClientConfig(input))
    const found = (error.details as { problems: { path: string; message: string }[] }).problems
    expect(Object.fromEntries(found.map(({ path, message }) => [path, message]))).toEqual(expected)
  })
})

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

  test('a dead letter topic is a name, or an object with what goes with it', () => {
    const defaults = {
      topic: 'orders.dlt',
      headerStyle: 'zk',
      oversized: 'truncate',
      maxStackBytes: 4_096,
      ratioWindow: 1_000,
    }
    expect(work({ deadLetterTopic: 'orders.dlt' }).deadLetterTopic).toEqual(defaults)
    expect(work({ deadLetterTopic: { topic: 'orders.dlt' } }).deadLetterTopic).toEqual(defaults)
    const all = {
      ...{ topic: 'orders.dlt', headerStyle: 'spring', oversized: 'stop', maxStackBytes: 0 },
      ...{ maxDeadLetterRatio: 0.1, ratioWindow: 50 },
    }
    expect(work({ deadLetterTopic: all }).deadLetterTopic).toEqual(all)
  })

  test.each([
    ['', { 'deadLetterTopic.topic': expect.stringContaining('it is empty') }],
    ['^orders', { 'deadLetterTopic.topic': expect.stringContaining('is a pattern') }],
    [7, { deadLetterTopic: 'is 7; expected a topic name, false, or an object with topic' }],
    [{}, { 'deadLetterTopic.topic': 'is missing; expected a topic name' }],
    [{ topic: 'd', oversize: 'stop' }, { 'deadLetterTopic.oversize': 'is not a field; did you mean oversized?' }],
    [
      { topic: 'd', headerStyle: 'kafka', maxDeadLetterRatio: 2, ratioWindow: 0, maxStackBytes: -1 },
      {
        'deadLetterTopic.headerStyle': "is \"kafka\"; expected 'zk', 'spring' or 'connect'",
        'deadLetterTopic.maxDeadLetterRatio': 'is 2; expected a number from 0 to 1',
        'deadLetterTopic.ratioWindow': 'is 0; expected a whole number of records, 1 to 1000000',
        'deadLetterTopic.maxStackBytes': 'is -1; expected a whole number of bytes, 0 to 1048576',
      },
    ],
  ])('refuses the dead letter topic %j with what was expected', (deadLetterTopic, expected) => {
    // A second problem, so that none is an error of its own.
    expect(problems(() => work({ deadLetterTopic, concurrency: 0 }))).toMatchObject(expected)
  })

  test.each([
    ['orders', {}],
    ['b', { topic: undefined, topics: ['a', 'b'] }],
    ['orders.dlt', { topic: '^orders.*' }],
  ])('a dead letter topic that the work reads itself, %s, is refused', (deadLetterTopic, more) => {
    const { code, message } = failure(() => work({ deadLetterTopic, ...more }))
    expect(code).toBe('ZK_CONFIG_CONFLICT')
    expect(message).toContain(deadLetterTopic)
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

  test('every problem is listed at once, with its path, what was found and what was expected', () => {
    const run = () =>
      work({
        groupId: '',
        speedup: '8',
        concurrency: 1.5,
        ordering: 'keys',
        drainTimeoutMs: -1,
        shutdownTimeoutMs: Number.NaN,
        windowBytes: 10,
        processor: 7,
        waitForTopics: 'yes',
        additionalProps: { 'fetch.min.bytes': null },
      })
    expect(problems(run)).toEqual({
      groupId: 'is ""; expected a text that is not empty',
      speedup: 'is "8"; expected a whole number of threads, 1 to 1024',
      concurrency: "is 1.5; expected a whole number of messages, 1 to 100000, or 'auto'",
      ordering: "is \"keys\"; expected 'key', 'partition' or 'none'",
      drainTimeoutMs: 'is -1; expected a whole number of milliseconds, 1 to 86400000',
      shutdownTimeoutMs: 'is NaN; expected a whole number of milliseconds, 1 to 86400000',
      windowBytes: expect.stringContaining('is 10; expected a whole number of bytes, 1024 to'),
      processor: "is 7; expected a path, or a URL such as new URL('./processor.js', import.meta.url)",
      waitForTopics: 'is "yes"; expected true or false',
      'additionalProps["fetch.min.bytes"]': 'is null; expected an object of texts, numbers and booleans',
    })
  })

  test.each([
    ['sessionTimeout', 'is not a field; did you mean sessionTimeoutMs?'],
    ['speedUp', 'is not a field; did you mean speedup?'],
    ['groupID', 'is not a field; did you mean groupId?'],
    ['processTimeout', 'is not a field; did you mean processTimeoutMs?'],
  ])('%s: %s', (field, message) => {
    expect(problems(() => work({ [field]: 1 }))).toEqual({ [field]: message })
  })

  test('the value of a secret is not repeated', () => {
    const error = failure(() =>
      work({ additionalProps: { 'sasl.password': ['hunter2'], 'ssl.key.password': { a: 'hunter2' } } }),
    )
    expect(error.message).toContain('additionalProps["sasl.password"]: is [redacted]')
    expect(JSON.stringify(error.details) + error.message).not.toContain('hunter2')
  })

  test.each([
    [{ bootstrapServers: ['sasl://user:hunter2@h:9092'] }, '"sasl://[redacted]@h:9092" is a URL'],
    [{ bootstrapServers: ['user:hunter2@h:9092'] }, '"[redacted]@h:9092" is not host:port'],
    [{ bootstrapServers: ['u:hun/ter2@a:1,u:hunter2@b:1'] }, '"[redacted]@b:1" is more than one server'],
    [{ bootstrapServers: 'user:hunter2@h:9092' }, 'is "[redacted]@h:9092"; expected an array'],
    [{ bootstrapServers: ['a:1'], additionalProps: 'sasl.password=hunter2' }, 'is [redacted]; expected an object'],
    [
      { bootstrapServers: ['a:1'], sasl: { mechanism: 'hunter2' } },
      "sasl.mechanism: is [redacted]; expected 'plain', ",
    ],
    [
      { bootstrapServers: ['a:1'], sasl: { username: 4_711, token: 'hunter2' } },
      'sasl.username: is [redacted]; expected a text',
    ],
    [{ bootstrapServers: ['a:1'], sasl: 'hunter2' }, 'sasl: is [redacted]; expected false, or an object'],
    [{ bootstrapServers: ['a:1'], sasl: { mechanism: '' } }, 'sasl.mechanism: is ""; expected \'plain\', '],
    [
      { bootstrapServers: ['a:1'], sasl: { mechanism: ['hunter2'] } },
      "sasl.mechanism: is an array; expected 'plain', ",
    ],
    [{ bootstrapServers: ['a:1'], sasl: true }, 'sasl: is true; expected false, or an object'],
    [{ bootstrapServers: ['a:1'], tls: { enabled: 'hunter2' } }, 'tls.enabled: is [redacted]; expected true or false'],
    [
      { bootstrapServers: ['a:1'], tls: { verifyHostname: 'hunter2' } },
      'tls.verifyHostname: is [redacted]; expected true',
    ],
    [
      { bootstrapServers: ['a:1'], tls: { verifyCertificate: 'hunter2' } },
      'tls.verifyCertificate: is [redacted]; expected',
    ],
    [{ bootstrapServers: ['a:1'], tls: { ca: 5, key: ['hunter2'] } }, 'tls.ca: is [redacted]; expected a path, or PEM'],
  ])('nor is that of one in the wrong place: %j', (input, text) => {
    const error = failure(() => parseClientConfig(input))
    expect(error.message).toContain(text)
    expect(JSON.stringify(error.details) + error.message).not.toMatch(/hun\/?ter2|4711/)
  })
})

describe('topics', () => {
  test.each([
    [{ topic: 'a' }, ['a']],
    [{ topics: ['a', 'b'] }, ['a', 'b']],
    [{ topic: '^orders-.*' }, ['^orders-.*']],
    [{ topics: ['a.b_c-D9', 'x'.repeat(249)] }, ['a.b_c-D9', 'x'.repeat(249)]],
  ])('%j', (given, topics) => {
    expect(work({ topic: undefined, ...given }).topics).toEqual(topics)
  })

  test.each([
    ['', 'it is empty'],
    ['.', 'Kafka reserves it'],
    ['..', 'Kafka reserves it'],
    ['a b', 'it contains " "'],
    ['orders/eu', 'it contains "/"'],
    ['bestellungen-ü', 'it contains "ü"'],
    ['x'.repeat(250), 'it has 250 characters'],
    ['^(orders', 'not a regular expression'],
  ])('%j is refused as a topic of its own error: %s', (topic, why) => {
    for (const given of [{ topic }, { topic: undefined, topics: ['fine', topic] }]) {
      expect(failure(() => work(given))).toMatchObject({
        code: 'ZK_TOPIC_INVALID',
        message: expect.stringContaining(why),
        details: { topic },
      })
    }
  })

  test('among other problems it is one of the list', () => {
    expect(problems(() => work({ topic: 'a b', speedup: 0 }))).toEqual({
      topic: '"a b" is not a topic name: it contains " "',
      speedup: expect.any(String),
    })
  })

  test.each([
    [{ topic: undefined }, { topic: 'is missing; expected a topic name, or topics with several' }],
    [{ topics: ['b'] }, { topic: 'is given together with topics; expected one of them' }],
    [{ topic: undefined, topics: ['a', 'b', 'a'] }, { topics: 'has "a" more than once' }],
    [{ topic: undefined, topics: [] }, { topics: expect.stringContaining('is an empty array') }],
  ])('%j is refused', (given, expected) => {
    expect(problems(() => work(given))).toEqual(expected)
  })
})

describe('additionalProps', () => {
  test.each([
    ['enable.auto.commit', 'decides when a record counts as done'],
    ['enable.auto.offset.store', 'decides when a record counts as done'],
    ['group.id', 'use the field groupId'],
    ['client.id', 'use the field clientId'],
    ['bootstrap.servers', 'bootstrapServers'],
    ['metadata.broker.list', 'bootstrapServers'],
    ['partition.assignment.strategy', 'use the field assignmentStrategy'],
    ['auto.offset.reset', 'use the field autoOffsetReset'],
    ['enable.partition.eof', 'where a partition ends'],
    ['rebalance_cb', 'listens there itself'],
    ['offset_commit_cb', 'listens there itself'],
    ['go.events.channel.enable', 'Go client'],
  ])('%s is refused: %s', (property, why) => {
    const expected = { code: 'ZK_CONFIG_OWNED_PROPERTY', message: expect.stringContaining(why), details: { property } }
    expect(failure(() => work({ additionalProps: { [property]: 'x' } }))).toMatchObject(expected)
    const given = { bootstrapServers: ['a:1'], additionalProps: { [property]: 'x' } }
    expect(failure(() => parseClientConfig(given))).toMatchObject(expected)
  })

  test('a name that every object has is no owned property: librdkafka judges it', () => {
    expect(work({ additionalProps: { toString: 'x' } }).additionalProps).toEqual({ toString: 'x' })
  })

  test('several owned properties are all listed', () => {
    const run = () => work({ additionalProps: { 'group.id': 'x', 'client.id': 'y' } })
    expect(Object.keys(problems(run))).toEqual(['additionalProps["group.id"]', 'additionalProps["client.id"]'])
  })

  test('a time given here wins, and the field says so: the work’s before the client’s', () => {
    const additionalProps = {
      'session.timeout.ms': 6000,
      'max.poll.interval.ms': '60000',
      'auto.commit.interval.ms': 100,
    }
    const withProps = parseClientConfig({ bootstrapServers: ['a:1'], additionalProps })
    expect(parseWorkConfig({ ...minimal, sessionTimeoutMs: 30_000 }, withProps)).toMatchObject({
      sessionTimeoutMs: 6000,
      maxPollIntervalMs: 60_000,
      autoCommitIntervalMs: 100,
    })
    const own = { ...minimal, additionalProps: { 'session.timeout.ms': 7000, 'queued.max.messages.kbytes': 512 } }
    expect(parseWorkConfig(own, withProps)).toMatchObject({ sessionTimeoutMs: 7000, queuedMaxKbytes: 512 })
  })

  test('a value that would turn commits off, or is no number, is refused where it was given', () => {
    expect(problems(() => work({ additionalProps: { 'auto.commit.interval.ms': 0 } }))).toEqual({
      'additionalProps["auto.commit.interval.ms"]': 'is 0; expected a whole number, at least 1',
    })
    const withProps = parseClientConfig({
      bootstrapServers: ['a:1'],
      additionalProps: { 'session.timeout.ms': 'soon' },
    })
    expect(problems(() => parseWorkConfig(minimal, withProps))).toEqual({
      'the client\'s additionalProps["session.timeout.ms"]': 'is "soon"; expected a whole number, at least 1',
    })
  })
})

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

test('processorOptions that cannot be copied name the path', () => {
  expect(failure(() => work({ processorOptions: { db: { connect: () => {} } } }))).toMatchObject({
    code: 'ZK_OPTIONS_NOT_CLONEABLE',
    details: { path: 'processorOptions.db.connect', kind: 'a function' },
  })
  expect(work({ processorOptions: { region: 'eu' } }).processorOptions).toEqual({ region: 'eu' })
})

import { readdirSync, readFileSync } from 'node:fs'
import { FormatError, FormatOptionError, json } from '@zk/formats'
import { RegistryError } from '@zk/formats/registry'
import { describe, expect, test, vi } from 'vitest'
import { describeError, reviveError } from '../src/describe-error.js'
import { type ErrorCode, errorCodes, errors } from '../src/errors.js'
import { explainError } from '../src/explain-error.js'
import { ProcessError } from '../src/process-error.js'
import { ZkError } from '../src/zk-error.js'

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')

describe('the registry and docs/errors.md', () => {
  const sections = [...page.matchAll(/^### (\S+)$/gm)].map(([, code]) => code)

  test('each code has exactly one section, and each section a code', () => {
    expect([...sections].sort()).toEqual([...errorCodes].sort())
  })

  test.each(errorCodes)('%s: the section says what happened, why, and what to do; zk explain has it', (code) => {
    const text = explainError(code) ?? ''
    expect(text).toMatch(new RegExp(`^# ${code}\n`))
    for (const heading of ['**What happened.** ', '**Why.** ', '**What to do.** ']) {
      expect(text.split(heading), heading).toHaveLength(2)
    }
    expect(page).toContain(text.slice(text.indexOf('**What happened.**')))
  })

  test('every code that any package mentions exists', () => {
    const packages = new URL('../../', import.meta.url)
    const files = readdirSync(packages, { recursive: true, encoding: 'utf8' })
    const sources = files.filter((path) => /^[a-z]+\/src\/.*\.ts$/.test(path))
    expect(sources.length).toBeGreaterThan(20)
    for (const path of sources) {
      for (const [, code] of readFileSync(new URL(path, packages), 'utf8').matchAll(/'(ZK_[A-Z]+_[A-Z_]*[A-Z])'/g)) {
        expect(errorCodes, `${code} in ${path}`).toContain(code)
      }
    }
  })

  test('an unknown code has no page, not even one that every object has', () => {
    expect(explainError('ZK_NO_SUCH_CODE')).toBeUndefined()
    expect(explainError('toString')).toBeUndefined()
  })

  test('an exit code other than 1 is said in the section', () => {
    for (const code of errorCodes) {
      const { exitCode } = build(code)
      if (exitCode !== 1) expect(explainError(code), code).toContain(`Exit code ${exitCode}.`)
    }
  })
})

describe('ZkError', () => {
  test.each(errorCodes)('%s: the error carries its own code and a whole sentence', (code) => {
    const error = build(code)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(/^.{15,}\.$/s)
    expect(error.message).not.toContain('undefined')
  })

  test('the options follow the arguments of the message', () => {
    const cause = new Error('socket closed')
    const error = errors.ZK_TOPIC_NOT_FOUND(['orders'], { cause })
    expect(error).toMatchObject({ code: 'ZK_TOPIC_NOT_FOUND', retryable: true, exitCode: 1, cause })
    expect(error.details).toEqual({ topics: ['orders'] })
    expect('cause' in errors.ZK_TOPIC_NOT_FOUND(['orders'])).toBe(false)
  })

  test('an error of another copy of the package is a ZkError too', async () => {
    vi.resetModules()
    const other = await import('../src/errors.js')
    const foreign = other.errors.ZK_INTERNAL('something')
    expect(foreign.constructor).not.toBe(ZkError)
    expect(ZkError.is(foreign)).toBe(true)
    expect(foreign).toBeInstanceOf(ZkError)
  })

  test.each([
    ['ZkError', errors.ZK_INTERNAL('x')],
    ['ProcessError', new ProcessError('x')],
    ['FormatError', new FormatError('ZK_DECODE_FAILED', 'json', 'x')],
    ['FormatOptionError', new FormatOptionError('x')],
    ['RegistryError', new RegistryError('ZK_SCHEMA_INVALID', 'http://r', 'x')],
  ])('the stack of a %s begins with its name, and the name is no field of its own', (name, error) => {
    expect(error.stack).toMatch(new RegExp(`^${name}: `))
    expect(error.name).toBe(name)
    expect(Object.keys(error)).not.toContain('name')
  })

  test('nothing else is one', () => {
    for (const other of [
      undefined,
      null,
      'ZkError',
      new Error('ZkError'),
      { code: 'ZK_INTERNAL' },
      new ProcessError(''),
    ]) {
      expect(ZkError.is(other)).toBe(false)
    }
    expect(ProcessError.is(errors.ZK_INTERNAL('x'))).toBe(false)
  })

  test('a value that a format refused is a ZkError with the page of its code', () => {
    let thrown: unknown
    try {
      json().decode(Buffer.from('{'))
    } catch (error) {
      thrown = error
    }
    expect(ZkError.is(thrown)).toBe(true)
    const { code, message, details } = thrown as ZkError
    expect(errorCodes).toContain(code)
    const why = /^The value is not valid json: (.*?)\. Expected/.exec(message)?.[1]
    expect(errors.ZK_DECODE_FAILED('json', why ?? '')).toMatchObject({ message, details })
  })
})

test('options that a format does not have are a ZkError that says the same in @zk/formats as in the table', () => {
  const error: unknown = new FormatOptionError('avro has no schem')
  expect(ZkError.is(error)).toBe(true)
  const { code, message, retryable, exitCode } = errors.ZK_FORMAT_OPTIONS('avro has no schem')
  expect(error).toMatchObject({ code, message, retryable, exitCode })
})

describe('errors of a schema registry', () => {
  const codes = errorCodes.filter((code) => /^ZK_(REGISTRY|SCHEMA)_/.test(code)) as RegistryError['code'][]

  test.each(codes)('%s says the same in @zk/formats as in the table, and is as retryable', (code) => {
    const error: unknown = new RegistryError(code, 'http://registry', 'why')
    const { message, details, retryable, exitCode } = errors[code]('http://registry', 'why')
    expect(error).toMatchObject({ code, message, details, retryable, exitCode })
    expect(ZkError.is(error)).toBe(true)
  })

  test('there are five', () => {
    expect(codes).toHaveLength(5)
  })
})

describe('describeError and reviveError', () => {
  const roundTrip = (error: unknown) => reviveError(structuredClone(describeError(error)))

  test('a ZkError crosses threads with code, details, exit code, cause and stack', () => {
    const error = errors.ZK_RECORD_FAILED('orders', 1, 42, 3, 'boom', { cause: new TypeError('boom') })
    const revived = roundTrip(error)
    expect(revived).toBeInstanceOf(ZkError)
    expect(revived).toMatchObject({
      code: 'ZK_RECORD_FAILED',
      message: error.message,
      exitCode: 4,
      retryable: false,
      details: { topic: 'orders', partition: 1, offset: 42, attempts: 3 },
      stack: error.stack,
    })
    expect(revived.cause).toMatchObject({ name: 'TypeError', message: 'boom' })
  })

  test('a ProcessError keeps its own name, code and fields beside what it asked for', () => {
    class Refused extends ProcessError {
      override name = 'Refused'
      code = 'E_REFUSED'
      orders = [7]
    }
    const error = new Refused('no', { retryable: false, cause: new TypeError('why') })
    const revived = roundTrip(error)
    expect(revived).toBeInstanceOf(ProcessError)
    expect(revived).toMatchObject({
      name: 'Refused',
      message: 'no',
      code: 'E_REFUSED',
      retryable: false,
      stack: error.stack,
    })
    expect(revived).toMatchObject({ orders: [7], cause: { name: 'TypeError', message: 'why' } })
  })

  test('a ProcessError keeps what it asked for', () => {
    const asked = { retryable: false, disableDeadLetter: true, disableCircuitBreak: true }
    const revived = roundTrip(new ProcessError('bad order', { ...asked, cause: 'upstream' }))
    expect(revived).toBeInstanceOf(ProcessError)
    expect(revived).toMatchObject(asked)
    expect(revived.cause).toMatchObject({ message: 'thrown: upstream' })
    expect(roundTrip(new ProcessError('x'))).toMatchObject({ retryable: true, disableDeadLetter: false })
  })

  test('a system error keeps code, errno, syscall and path', () => {
    const read = () => readFileSync('/no/such/file')
    let thrown: unknown
    try {
      read()
    } catch (error) {
      thrown = error
    }
    expect(roundTrip(thrown)).toMatchObject({ code: 'ENOENT', errno: -2, syscall: 'open', path: '/no/such/file' })
  })

  test('an AggregateError keeps its errors', () => {
    const revived = roundTrip(new AggregateError([new Error('a'), new RangeError('b')], 'both'))
    expect(revived).toBeInstanceOf(AggregateError)
    expect((revived as AggregateError).errors).toMatchObject([{ message: 'a' }, { name: 'RangeError', message: 'b' }])
  })

  test('whatever is thrown is described, cloneable and JSON-safe', () => {
    const throwing = {
      get message(): string {
        throw new Error('no')
      },
    }
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const circular: Error & { self?: unknown } = new Error('circular')
    circular.cause = circular
    circular.self = circular
    const odd = Object.assign(new Error('odd'), {
      fn: () => 1,
      symbol: Symbol('s'),
      big: 10n,
      map: new Map(),
      deep: { a: [() => 1] },
    })
    const values = [
      undefined,
      null,
      0,
      'text',
      Symbol('s'),
      () => 1,
      throwing,
      revoked.proxy,
      circular,
      odd,
      Object.create(null),
    ]
    for (const value of values) {
      const described = describeError(value)
      expect(structuredClone(described)).toEqual(described)
      expect(JSON.parse(JSON.stringify(described))).toEqual(described)
      expect(reviveError(described)).toBeInstanceOf(Error)
    }
    expect(describeError(odd).fields).toEqual({ big: '10', deep: { a: [null] } })
  })

  test('what is described is bounded: huge messages, deep causes, many fields', () => {
    let error: Error = new Error('root')
    for (let i = 0; i < 1000; i++) error = new Error('x'.repeat(100_000), { cause: error })
    Object.assign(error, Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field${i}`, i])))
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(300_000)
  })

  test('a plain error is not taken for one of ours', () => {
    const revived = roundTrip(Object.assign(new Error('x'), { code: 'ZK_INTERNAL' }))
    expect(ZkError.is(revived)).toBe(false)
    expect(revived).toMatchObject({ code: 'ZK_INTERNAL' })
  })
})

/** Any error of a code; what the message's arguments are does not matter to the caller. */
function build(code: ErrorCode): ZkError {
  const samples: Record<ErrorCode, () => ZkError> = {
    ZK_CONFIG_INVALID: () => errors.ZK_CONFIG_INVALID('work configuration', [{ path: 'topic', message: 'is missing' }]),
    ZK_GROUP_REFUSED: () => errors.ZK_GROUP_REFUSED('Inconsistent group protocol'),
    ZK_FORMAT_OPTIONS: () => errors.ZK_FORMAT_OPTIONS('avro has no schem'),
    ZK_TEST_TIMEOUT: () => errors.ZK_TEST_TIMEOUT('() => done', 5_000),
    ZK_TEST_BROKER_DOWN: () => errors.ZK_TEST_BROKER_DOWN(),
    ZK_CONFIG_OWNED_PROPERTY: () => errors.ZK_CONFIG_OWNED_PROPERTY('group.id', 'use groupId'),
    ZK_CONFIG_UNKNOWN_PROPERTY: () => errors.ZK_CONFIG_UNKNOWN_PROPERTY('grop.id', 'No such property'),
    ZK_CONFIG_CONFLICT: () => errors.ZK_CONFIG_CONFLICT('a excludes b', 'Remove b.'),
    ZK_CONFIG_FILE: () => errors.ZK_CONFIG_FILE('/a/work.json', 'it is no object'),
    ZK_TLS_INVALID: () => errors.ZK_TLS_INVALID('key', 'it is encrypted'),
    ZK_SASL_TOKEN: () => errors.ZK_SASL_TOKEN('no such client'),
    ZK_OPTIONS_NOT_CLONEABLE: () => errors.ZK_OPTIONS_NOT_CLONEABLE('processorOptions.db', 'a function'),
    ZK_PROCESSOR_NOT_FOUND: () => errors.ZK_PROCESSOR_NOT_FOUND('/a/b.js', 'there is no such file'),
    ZK_PROCESSOR_LOAD_FAILED: () => errors.ZK_PROCESSOR_LOAD_FAILED('/a/b.js', '', 'Unexpected token'),
    ZK_FORMAT_INVALID: () => errors.ZK_FORMAT_INVALID('/app/processor.js', 'avro of a registry', 'no url is no URL'),
    ZK_HOOKS_INVALID: () => errors.ZK_HOOKS_INVALID('/app/hooks.js', 'its default export is no object'),
    ZK_TRACING_UNAVAILABLE: () => errors.ZK_TRACING_UNAVAILABLE('@opentelemetry/api'),
    ZK_PROCESSOR_INVALID: () => errors.ZK_PROCESSOR_INVALID('/a/b.js', 'there is no default export'),
    ZK_PROCESSOR_SETUP_FAILED: () => errors.ZK_PROCESSOR_SETUP_FAILED(0, 'connection refused'),
    ZK_TYPESCRIPT_UNAVAILABLE: () => errors.ZK_TYPESCRIPT_UNAVAILABLE('/a/b.ts'),
    ZK_TYPESCRIPT_FAILED: () =>
      errors.ZK_TYPESCRIPT_FAILED('/a/b.ts', [{ message: 'Expected ";"', file: 'b.ts', line: 3, column: 1 }]),
    ZK_TYPESCRIPT_NOT_WRITABLE: () => errors.ZK_TYPESCRIPT_NOT_WRITABLE('/a/b.ts', ['/a']),
    ZK_TOPIC_NOT_FOUND: () => errors.ZK_TOPIC_NOT_FOUND(['orders']),
    ZK_TOPIC_INVALID: () => errors.ZK_TOPIC_INVALID('a b', 'it has a space'),
    ZK_BROKER_UNREACHABLE: () => errors.ZK_BROKER_UNREACHABLE(['localhost:9092'], 'connection refused'),
    ZK_BROKER_AUTH: () => errors.ZK_BROKER_AUTH('SASL authentication failed'),
    ZK_BROKER_FATAL: () => errors.ZK_BROKER_FATAL('fatal'),
    ZK_FENCED: () => errors.ZK_FENCED('billing-1'),
    ZK_COMMIT_FAILED: () => errors.ZK_COMMIT_FAILED('unknown member'),
    ZK_OFFSET_UNAVAILABLE: () => errors.ZK_OFFSET_UNAVAILABLE('no committed offset'),
    ZK_KAFKA_NOT_BUILT: () => errors.ZK_KAFKA_NOT_BUILT('no bindings file'),
    ZK_NATIVE_NOT_BUILT: () => errors.ZK_NATIVE_NOT_BUILT('no binary'),
    ZK_NATIVE_VERSION: () => errors.ZK_NATIVE_VERSION('librdkafka 2.3.0', 'librdkafka 2.12.0'),
    ZK_NATIVE_MAIN_THREAD: () => errors.ZK_NATIVE_MAIN_THREAD(),
    ZK_NATIVE_NOT_A_CONSUMER: () => errors.ZK_NATIVE_NOT_A_CONSUMER('it is not connected'),
    ZK_NATIVE_READER_OPEN: () => errors.ZK_NATIVE_READER_OPEN(),
    ZK_NATIVE_SLOT: () => errors.ZK_NATIVE_SLOT('orders [0]'),
    ZK_READER_UNAVAILABLE: () => errors.ZK_READER_UNAVAILABLE('native', 'it is not built'),
    ZK_THREAD_CRASH_LOOP: () => errors.ZK_THREAD_CRASH_LOOP(0, 5),
    ZK_THREAD_START_FAILED: () => errors.ZK_THREAD_START_FAILED(0, 'out of memory'),
    ZK_THREAD_UNSTOPPABLE: () => errors.ZK_THREAD_UNSTOPPABLE([0, 2], 5000),
    ZK_DEAD_LETTER_TOPIC: () => errors.ZK_DEAD_LETTER_TOPIC('orders.dlt', 'it does not exist'),
    ZK_DEAD_LETTER_TOO_LARGE: () =>
      errors.ZK_DEAD_LETTER_TOO_LARGE('orders.dlt', 'orders[0]@1', 2_000_000, 'too large'),
    ZK_DEAD_LETTER_FLOOD: () => errors.ZK_DEAD_LETTER_FLOOD(600, 1_000, 0.5),
    ZK_HANDLER_TIMEOUT: () => errors.ZK_HANDLER_TIMEOUT(1_000, 250, 'it keeps its thread'),
    ZK_THREAD_DIED: () => errors.ZK_THREAD_DIED(0, 'crash', 'an error outside of a handler'),
    ZK_PROCESS_CRASHED: () => errors.ZK_PROCESS_CRASHED('orders', 0, 1),
    ZK_CRASH_JOURNAL_IN_USE: () => errors.ZK_CRASH_JOURNAL_IN_USE('/var/zk', 'billing-1', 7),
    ZK_CRASH_JOURNAL_UNUSABLE: () => errors.ZK_CRASH_JOURNAL_UNUSABLE('/var/zk', 'not a folder'),
    ZK_RECORD_FAILED: () => errors.ZK_RECORD_FAILED('orders', 0, 1, 1, 'boom'),
    ZK_SHUTDOWN_DEADLINE: () => errors.ZK_SHUTDOWN_DEADLINE(25_000, 1, ['orders[0]@1']),
    ZK_WORK_ALREADY_RUNNING: () => errors.ZK_WORK_ALREADY_RUNNING('billing'),
    ZK_WRITE_INVALID: () => errors.ZK_WRITE_INVALID('key', 'a function', 'a Buffer, a text or null'),
    ZK_WRITE_FAILED: () =>
      errors.ZK_WRITE_FAILED('orders', 'Broker: Message size too large', 10, { retryable: false, mayBeWritten: false }),
    ZK_WRITE_OVERFLOW: () => errors.ZK_WRITE_OVERFLOW('orders', 100_000, 1),
    ZK_WRITER_CLOSED: () => errors.ZK_WRITER_CLOSED('orders'),
    ZK_READER_CLOSED: () => errors.ZK_READER_CLOSED('billing'),
    ZK_BATCH_MESSAGE_UNKNOWN: () => errors.ZK_BATCH_MESSAGE_UNKNOWN(),
    ZK_SEND_INVALID: () => errors.ZK_SEND_INVALID('value', 'an object', 'a Buffer, a text or null'),
    ZK_SEND_FAILED: () => errors.ZK_SEND_FAILED('out', 'Broker: Message size too large', 10),
    ZK_SEND_SUPERSEDED: () => errors.ZK_SEND_SUPERSEDED('out'),
    ZK_SEND_TOO_LATE: () => errors.ZK_SEND_TOO_LATE('out'),
    ZK_SEND_OVERFLOW: () => errors.ZK_SEND_OVERFLOW('out', 100_000),
    ZK_CLIENT_CLOSED: () => errors.ZK_CLIENT_CLOSED('workFactory'),
    ZK_DECODE_FAILED: () => errors.ZK_DECODE_FAILED('json', 'it is empty'),
    ZK_ENCODE_FAILED: () => errors.ZK_ENCODE_FAILED('json', 'it has a cycle'),
    ZK_REGISTRY_UNAVAILABLE: () => errors.ZK_REGISTRY_UNAVAILABLE('http://localhost:8081', 'connect ECONNREFUSED'),
    ZK_REGISTRY_REFUSED: () => errors.ZK_REGISTRY_REFUSED('http://localhost:8081', 'Unauthorized (401)'),
    ZK_SCHEMA_NOT_FOUND: () => errors.ZK_SCHEMA_NOT_FOUND('http://localhost:8081', 'the schema with id 7'),
    ZK_SCHEMA_INCOMPATIBLE: () => errors.ZK_SCHEMA_INCOMPATIBLE('http://localhost:8081', 'the subject orders-value'),
    ZK_SCHEMA_INVALID: () => errors.ZK_SCHEMA_INVALID('http://localhost:8081', 'the schema is no JSON'),
    ZK_CLI_USAGE: () => errors.ZK_CLI_USAGE('unknown flag --foo', 'zk run --help'),
    ZK_BENCH_TOPIC: () => errors.ZK_BENCH_TOPIC(['zk-bench-1'], 'Broker: Topic authorization failed'),
    ZK_BENCH_RUN_DIED: () => errors.ZK_BENCH_RUN_DIED('signal SIGKILL'),
    ZK_BENCH_STALLED: () =>
      errors.ZK_BENCH_STALLED(
        'No message has completed',
        'processor.mjs',
        'speedup 1, concurrency 2',
        30_000,
        'orders[0] stands',
      ),
    ZK_HEALTH_PORT: () => errors.ZK_HEALTH_PORT('127.0.0.1', 9400, 'it is in use'),
    ZK_UNKNOWN_CODE: () => errors.ZK_UNKNOWN_CODE('ZK_NO'),
    ZK_INTERNAL: () => errors.ZK_INTERNAL('A record was acknowledged twice'),
  }
  return samples[code]()
}

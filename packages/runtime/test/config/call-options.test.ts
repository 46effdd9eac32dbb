import { expect, test } from 'vitest'
import { createClient } from '../../src/client.js'
import type { Logger } from '../../src/log/logger.js'
import type { RunOptions } from '../../src/work.js'

const client = createClient({ bootstrapServers: ['localhost:9092'] })
const logger: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} }

test.each<[unknown, string]>([
  [null, '(root): is null; expected an object'],
  [{ signal: 'x' }, 'signal: is "x"; expected an AbortSignal'],
  [{ shutdown: {} }, 'shutdown: is an object; expected an AbortSignal'],
  [{ untilEnd: 'yes' }, 'untilEnd: is "yes"; expected true or false'],
  [{ onEvent: {} }, 'onEvent: is an object; expected a function'],
  [{ shutdwn: new AbortController().signal }, 'shutdwn: is not a field; did you mean shutdown?'],
])('run(%j) is refused before anything starts: %s', async (options, problem) => {
  const work = client.workFactory({ logger }).create({ topic: 't', groupId: 'g', processor: './nowhere.js' })
  await expect(work.run(options as RunOptions)).rejects.toMatchObject({
    code: 'ZK_CONFIG_INVALID',
    message: expect.stringContaining(problem),
  })
})

const { fatal: _, ...withoutFatal } = logger
test.each<[string, unknown, string]>([
  ['nothing', null, '(root): is null; expected an object'],
  ['an empty logger', { logger: {} }, 'logger: has no trace, debug, info, warn, error, fatal;'],
  ['a logger without fatal', { logger: withoutFatal }, 'logger: has no fatal;'],
  [
    'an onDone that is no function',
    { onDone: {} },
    'onDone: is an object; expected a function, or an array of functions',
  ],
  ['an onDone with one that is no function', { onDone: [() => {}, 'x'] }, 'onDone: is an array; expected a function'],
  ['a logger that is null', { logger: null }, 'logger: has no trace'],
])('workFactory with %s is refused', (_what, options, problem) => {
  expect(() => client.workFactory(options as never)).toThrow(
    expect.objectContaining({ code: 'ZK_CONFIG_INVALID', message: expect.stringContaining(problem) }),
  )
})

test.each<[unknown, string]>([
  [null, '(root): is null; expected an object'],
  [500, '(root): is 500; expected an object'],
  [{ timeout: 500 }, 'timeout: is not a field; did you mean timeoutMs?'],
  [{ timeoutMs: '5' }, 'timeoutMs: is "5"; expected a number of milliseconds, 0 to 2147483647, or nothing'],
  [{ timeoutMs: -1 }, 'timeoutMs: is -1; expected'],
  [{ timeoutMs: 2 ** 31 }, 'timeoutMs: is 2147483648; expected'],
  [{ signal: 'x' }, 'signal: is "x"; expected an AbortSignal'],
])('read(%j) is refused before anything is read: %s', async (options, problem) => {
  const reader = client.reader({ topic: 't', groupId: 'g', logger })
  await expect(reader.read(options as never)).rejects.toMatchObject({
    code: 'ZK_CONFIG_INVALID',
    message: expect.stringContaining(problem),
  })
})

test('what is committed is a message', async () => {
  const reader = client.reader({ topic: 't', groupId: 'g', logger })
  await expect(reader.commit({ offset: 3 } as never)).rejects.toMatchObject({
    code: 'ZK_CONFIG_INVALID',
    message: expect.stringContaining('message: is an object; expected a message of the reader, or nothing'),
  })
})

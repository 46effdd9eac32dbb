import { expect, test, vi } from 'vitest'
import { MainThread } from '../../src/health/main-thread.js'
import { replacing } from '../../src/hooks/added-headers.js'
import type { Hooks, PendingWrite } from '../../src/hooks/hook-types.js'
import { openWriteHooks } from '../../src/hooks/write-hooks.js'
import type { Logger } from '../../src/log/logger.js'

const quiet = () => {}
const logger: Logger = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet }
const record = {
  ...{ topic: 'invoices', partition: -1, key: Buffer.from('k'), value: Buffer.from('v'), timestamp: -1 },
  headers: [['abc', Buffer.from('xxx')] as const, ['n', null] as const],
}

function desk(hooks: Hooks) {
  const mainThread = new MainThread(logger)
  return {
    writes: openWriteHooks({ hooks, groupId: 'billing', mainThread }),
    errors: () => mainThread.callbackErrors(),
  }
}

test('a work without hooks for writes asks nothing', () => {
  expect(desk({ postRead: () => {} }).writes).toBeUndefined()
})

const any = { carries: () => true }
const textOnly = { carries: () => false }

test('preWrite sees copies of what is written, and its headers take the place of those of the same name', () => {
  const seen: PendingWrite[] = []
  const { writes } = desk({
    preWrite(write) {
      seen.push(write)
      write.key!.fill(0)
      return { headers: { abc: 'def', hello: 'world' } }
    },
  })
  const added = writes!.before('output', record, any)
  expect(seen[0]).toMatchObject({ groupId: 'billing', kind: 'output', topic: 'invoices' })
  expect(seen[0]!.headers.get('abc')?.toString()).toBe('xxx')
  expect(record.key.toString()).toBe('k')
  expect(replacing(record.headers, added).map(([name, value]) => `${name}=${value}`)).toEqual([
    'n=null',
    'abc=def',
    'hello=world',
  ])
  expect(replacing(record.headers, [])).toBe(record.headers)
})

test.each([
  [
    'throws',
    () => {
      throw new Error('mine')
    },
  ],
  ['rejects', () => Promise.reject(new Error('mine'))],
  ['returns a text', () => 'abc'],
  ['returns headers that are none', () => ({ headers: { a: 1 } })],
  ['returns too many', () => ({ headers: { a: 'x'.repeat(20_000) } })],
])('a preWrite that %s is counted, and the record is written without', async (_how, preWrite) => {
  const { writes, errors } = desk({ preWrite: preWrite as never })
  expect(writes!.before('output', record, any)).toEqual([])
  await new Promise(setImmediate)
  expect(errors()).toEqual([['preWrite', 1]])
})

test('a header that the producer would not take is left off, because it would refuse the whole record', () => {
  const { writes, errors } = desk({ preWrite: () => ({ headers: { bytes: Buffer.from([0xff]) } }) })
  expect(writes!.before('output', record, any)).toHaveLength(1)
  expect(writes!.before('output', record, textOnly)).toEqual([])
  expect(errors()).toEqual([['preWrite', 1]])
})

test('postAck hears where the record is, or why it is nowhere, and how long it took', () => {
  const postAck = vi.fn()
  const { writes } = desk({ postAck })
  const started = performance.now() - 5
  writes!.acked('output', 'invoices', started, undefined, 2, 40)
  writes!.acked('dead-letter', 'dlt', started, { code: 10, message: 'too large', mayBeWritten: false }, -1, -1)
  const common = { groupId: 'billing', durationMs: expect.any(Number) }
  expect(postAck.mock.calls).toEqual([
    [{ ...common, kind: 'output', topic: 'invoices', partition: 2, offset: 40, error: undefined }],
    [
      {
        ...{ ...common, kind: 'dead-letter', topic: 'dlt', partition: -1, offset: -1 },
        error: Object.assign(new Error('too large'), { code: 10 }),
      },
    ],
  ])
  expect(postAck.mock.calls[0]![0].durationMs).toBeGreaterThanOrEqual(5)
})

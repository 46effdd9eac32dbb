import { AssignmentTable } from '@zk/engine'
import { expect, test, vi } from 'vitest'
import { MainThread } from '../../src/health/main-thread.js'
import type { Hooks, ReadMessage } from '../../src/hooks/hook-types.js'
import { readValues } from '../../src/hooks/packed-values.js'
import { RunHooks } from '../../src/hooks/run-hooks.js'
import { packRecords } from '../../src/kafka/packed-batch.js'
import type { Logger } from '../../src/log/logger.js'

const quiet = () => {}
const logger: Logger = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet }

function desk(hooks: Hooks) {
  const assignments = new AssignmentTable()
  const assignment = assignments.assign({ topic: 'orders', partition: 3 })
  const mainThread = new MainThread(logger)
  const run = new RunHooks({ hooks, groupId: 'billing', engine: { assignments }, mainThread, endOf: () => 13 })
  const batch = packRecords(
    [10, 11, 12].map((offset) => ({
      ...{ slot: offset === 12 ? assignment.slot + 1 : assignment.slot, offset, timestamp: 1_700, timestampType: 1 },
      ...{ key: offset === 11 ? null : Buffer.from('k'), value: offset === 11 ? null : Buffer.from('value') },
      headers: offset === 11 ? [] : [['h', Buffer.from('1')] as const],
    })),
  )
  return { run, batch, assignment, mainThread, errors: () => mainThread.callbackErrors() }
}

const result = (
  batch: ReturnType<typeof desk>['batch'] | undefined,
  errors: { code: number; message: string; fatal: boolean }[] = [],
) => ({
  batch,
  ends: [],
  errors,
})

test('a read is told once, with what it brought; so is its fan-out', () => {
  const [postReadImmediate, postFanout] = [vi.fn(), vi.fn()]
  const { run, batch } = desk({ postReadImmediate, postFanout })
  run.read(result(batch))
  expect(postFanout).not.toHaveBeenCalled()
  run.fannedOut(result(batch))
  run.read(result(undefined, [{ code: -195, message: 'down', fatal: false }]))
  run.fannedOut(result(undefined))
  expect(postReadImmediate.mock.calls).toEqual([
    [{ groupId: 'billing', records: 3, bytes: 40, errors: [] }],
    [{ groupId: 'billing', records: 0, bytes: 0, errors: [Object.assign(new Error('down'), { code: -195 })] }],
  ])
  expect(postFanout.mock.calls).toEqual([[{ groupId: 'billing', records: 3 }], [{ groupId: 'billing', records: 0 }]])
  // No values without postRead.
  expect(batch.values).toBeUndefined()
})

test('each record of ours is told once as copies, and what it is given stays with it', () => {
  const messages: ReadMessage[] = []
  const lags: (number | undefined)[] = []
  const { run, batch } = desk({
    postRead(message, about) {
      messages.push(message)
      lags.push(about.lag)
      expect(about).toMatchObject({ groupId: 'billing', values: {} })
      return message.offset === 10 ? { of: 10 } : undefined
    },
  })
  run.read(result(batch))
  batch.bytes.fill(0xff)
  const [first, second, ...others] = messages
  expect(others).toEqual([])
  expect(first).toMatchObject({ topic: 'orders', partition: 3, offset: 10, timestamp: 1_700 })
  expect([first!.key, first!.rawValue, [...first!.headers]]).toEqual([
    Buffer.from('k'),
    Buffer.from('value'),
    [['h', Buffer.from('1')]],
  ])
  expect([second!.key, second!.rawValue, [...second!.headers]]).toEqual([null, null, []])
  expect(lags).toEqual([2, 1])
  expect(batch.values?.map((one) => one && readValues(one))).toEqual([{ of: 10 }])
})

test('what is read of a partition that is being given back goes to its next owner untold', () => {
  const postRead = vi.fn()
  const { run, batch, assignment } = desk({ postRead })
  assignment.cut = 10
  run.read(result(batch))
  expect(postRead.mock.calls.map(([{ offset }]) => offset)).toEqual([10])
})

test('a postRead that throws, rejects or returns what cannot travel is counted, and the next record is told', async () => {
  const answers: (() => unknown)[] = [
    () => {
      throw new Error('mine')
    },
    () => Promise.reject(new Error('mine')),
    () => ({ f: () => {} }),
    () => 'text',
  ]
  for (const [i, answer] of answers.entries()) {
    let calls = 0
    const { run, batch, errors } = desk({ postRead: () => (calls++ === 0 ? answer() : { fine: true }) as never })
    run.read(result(batch))
    await new Promise(setImmediate)
    expect(errors(), String(i)).toEqual([['postRead', 1]])
    expect(batch.values?.map((one) => one && readValues(one))).toEqual([undefined, { fine: true }])
  }
})

test('a change of a circuit is told once, with its partition or for all, and not within the engine’s step', async () => {
  const changed = vi.fn()
  const { run } = desk({ circuitBreakerStateChanged: changed })
  run.circuitChanged(undefined, 'closed', 'open')
  run.circuitChanged({ topic: 'orders', partition: 3 }, 'open', 'half-open')
  expect(changed).not.toHaveBeenCalled()
  await new Promise(setImmediate)
  expect(changed.mock.calls).toEqual([
    [{ groupId: 'billing', partition: undefined, from: 'closed', to: 'open' }],
    [{ groupId: 'billing', partition: { topic: 'orders', partition: 3 }, from: 'open', to: 'half-open' }],
  ])
})

test('without hooks nothing is made of a read', () => {
  const { run, batch } = desk({})
  const call = vi.spyOn(MainThread.prototype, 'call')
  const ask = vi.spyOn(MainThread.prototype, 'ask')
  run.read(result(batch))
  run.fannedOut(result(batch))
  run.circuitChanged(undefined, 'closed', 'open')
  expect([call.mock.calls.length, ask.mock.calls.length, run.givesValues]).toEqual([0, 0, false])
})

import type { WorkInput } from '@zk/runtime'
import type { ProcessContext } from '@zk/runtime/processor'
import { describe, expect, test } from 'vitest'
import { silent } from '../../src/delivery/recorded-log.js'
import type { FakeClientOptions } from '../../src/fake-client.js'
import { billing, fakeOf, processed, started } from './application.js'

describe('works', () => {
  test('a shutdown waits for what has started, then tells it, and commits nothing unfinished', async () => {
    let told: unknown
    const hang = (_: unknown, { signal }: ProcessContext) =>
      new Promise<void>((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          told = (signal.reason as { reason: string }).reason
          reject(signal.reason)
        })
      })
    const fake = fakeOf(processed(hang))
    fake.feed('orders', [{ key: 'k', value: 'x' }])
    const { work, end } = started(fake, billing({ shutdownTimeoutMs: 10 }))
    await fake.until(() => work.state()?.threads[0].running === 1)
    expect(await end()).toMatchObject({
      ...{ reason: 'deadline', processed: 0 },
      blocked: [{ topic: 'orders', partition: 0, offset: 0, key: 'k' }],
    })
    expect(told).toBe('shutdown')
    expect(fake.committed('billing', 'orders')).toEqual([undefined])
    const abort = new AbortController()
    const again = fake.workFactory({ logger: silent }).create(billing()).run({ signal: abort.signal })
    await fake.settled({ timeoutMs: 20 }).catch(() => {})
    abort.abort()
    expect(await again).toMatchObject({ reason: 'aborted', processed: 0 })
    expect(told).toBe('aborted')
  })

  test('setup, teardown and a reload are those of the module, and close ends what runs', async () => {
    const calls: string[] = []
    const fake = fakeOf(
      processed(() => void calls.push('process'), {
        setup: () => void calls.push('setup'),
        teardown: () => void calls.push('teardown'),
      }),
    )
    const { work, running } = started(fake, billing())
    fake.feed('orders', [{ value: 'x' }])
    await fake.settled()
    await work.reload()
    fake.feed('orders', [{ value: 'x' }])
    await fake.settled()
    await fake.close()
    expect(await running).toMatchObject({ reason: 'drained', processed: 2 })
    expect(calls).toEqual(['setup', 'process', 'setup', 'teardown', 'process', 'teardown'])
    expect(() => fake.workFactory().create(billing())).toThrow(expect.objectContaining({ code: 'ZK_CLIENT_CLOSED' }))
  })

  test('a reload waits for what has started, and what comes meanwhile is the new module’s', async () => {
    let generation = 0
    const by: string[] = []
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const fake = fakeOf({
      loadProcessor: () => {
        const mine = ++generation
        return {
          async process({ offset }) {
            if (offset === 0) await gate
            by.push(`${offset} by ${mine}`)
          },
        }
      },
    })
    const { work, end } = started(fake, billing({ concurrency: 2 }))
    fake.feed('orders', [{ key: 'a', value: 'x' }])
    await fake.until(() => work.state()?.threads[0].running === 1)
    const reloaded = work.reload()
    fake.feed('orders', [{ key: 'b', value: 'x' }])
    await expect(fake.settled({ timeoutMs: 20 })).rejects.toThrow('not so within 20 ms')
    open()
    await reloaded
    await fake.settled()
    expect(by).toEqual(['0 by 1', '1 by 2'])
    await end()
  })

  test('a module that is not there, is none, or fails to set up rejects run with the runtime’s codes', async () => {
    const run = (options: FakeClientOptions, input: WorkInput) =>
      fakeOf(options).workFactory({ logger: silent }).create(input).run({ untilEnd: true })
    const missing = billing({ processor: './nowhere.ts' })
    await expect(run({}, missing)).rejects.toMatchObject({ code: 'ZK_PROCESSOR_NOT_FOUND' })
    await expect(run({ loadProcessor: () => ({}) as never }, billing())).rejects.toMatchObject({
      code: 'ZK_PROCESSOR_INVALID',
    })
    const setup = () => Promise.reject(new Error('no database'))
    await expect(
      run(
        processed(() => {}, { setup }),
        billing(),
      ),
    ).rejects.toMatchObject({
      code: 'ZK_PROCESSOR_SETUP_FAILED',
    })
    expect(() =>
      fakeOf()
        .workFactory()
        .create(billing({ topic: undefined as never })),
    ).toThrow(expect.objectContaining({ code: 'ZK_CONFIG_INVALID' }))
  })
})

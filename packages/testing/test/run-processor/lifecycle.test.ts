/** A processor is set up and torn down as in a thread, and its handler gets what it gets there. */
import { string } from '@zk/formats'
import type { ContextValues, ProcessContext } from '@zk/runtime/processor'
import { describe, expect, test } from 'vitest'
import { runProcessor } from '../../src/run-processor.js'

describe('a processor’s life', () => {
  test('setup comes first, its result is ctx.state, teardown comes last', async () => {
    const calls: unknown[] = []
    await runProcessor(
      {
        setup: async ({ index, options }) => {
          calls.push(['setup', index, options])
          return { db: 1 }
        },
        process: (_message, ctx) => void calls.push(['process', ctx.state]),
        teardown: () => void calls.push(['teardown']),
      },
      [{}],
      { options: { region: 'eu' } },
    )
    expect(calls).toEqual([['setup', 0, { region: 'eu' }], ['process', { db: 1 }], ['teardown']])
  })

  test('the options are a copy, and what cannot be copied is refused as a thread would', async () => {
    const options = { nested: {} }
    await runProcessor({ setup: (thread) => expect(thread.options).not.toBe(options), process() {} }, [], { options })
    const run = runProcessor({ setup() {}, process() {} }, [], { options: { connect: () => {} } })
    await expect(run).rejects.toMatchObject({ name: 'DataCloneError' })
  })

  test('an error of setup rejects, and no record is run', async () => {
    let calls = 0
    const setup = () => Promise.reject(new Error('no database'))
    await expect(runProcessor({ setup, process: () => void calls++ }, [{}])).rejects.toThrow('no database')
    expect(calls).toBe(0)
  })

  test('teardown runs after failures', async () => {
    let torn = false
    await runProcessor(
      {
        process: () => Promise.reject(new Error('x')),
        teardown: () => {
          torn = true
        },
      },
      [{}],
    )
    expect(torn).toBe(true)
  })

  test('something that is no processor is refused', async () => {
    await expect(runProcessor({} as never, [])).rejects.toThrow(
      'expected an object with a process or processBatch function',
    )
  })
})

test('the context has what a delivery has, by the names of the runtime’s own', async () => {
  const abort = new AbortController()
  let seen: Partial<ProcessContext> = {}
  const process = (
    _: unknown,
    { attempt, idempotencyKey, virtualPartition, values, signal, state }: ProcessContext,
  ) => {
    seen = { attempt, idempotencyKey, virtualPartition, values, signal, state }
  }
  const values = { trace: 't' }
  await runProcessor({ process }, [{ topic: 'orders', partition: 3, offset: 9 }], { signal: abort.signal, values })
  expect(seen).toMatchObject({
    attempt: 1,
    idempotencyKey: 'orders-3-9',
    virtualPartition: 0,
    values,
    state: undefined,
  })
  expect(seen.values).not.toBe(values)
  expect(seen.signal!.aborted).toBe(false)
})

test('hooks of a module come before the processor’s own, and what they throw is told and changes nothing', async () => {
  const seen: unknown[] = []
  const hooks = { preProcessing: () => ({ who: 'module' }) }
  const processor = {
    preProcessing: (_: unknown, ctx: { values: ContextValues }) => {
      seen.push(ctx.values.who)
      throw new Error('odd')
    },
    process: (_: unknown, ctx: ProcessContext) => void seen.push(ctx.values.who),
    postProcessing: (_: unknown, _ctx: unknown, end: { status: string }) => void seen.push(end.status),
  }
  const [outcome] = await runProcessor(processor, [{}], { hooks })
  expect(seen).toEqual(['module', 'module', 'done'])
  expect(outcome).toMatchObject({ ok: true, hookErrors: [{ hook: 'preProcessing', error: new Error('odd') }] })
})

test('ctx.log goes where it is told', async () => {
  const lines: unknown[] = []
  const line = (...args: unknown[]) => void lines.push(args)
  const log = { trace: line, debug: line, info: line, warn: line, error: line, fatal: line }
  await runProcessor(
    { format: string, process: ({ value }, ctx) => ctx.log.info({ value }, 'seen') },
    [{ value: 'x' }],
    { log },
  )
  expect(lines).toEqual([[{ value: 'x' }, 'seen']])
})

/** How often a record is tried, and what its last failure is to do. */
import { type ProcessContext, ProcessError } from '@zk/runtime/processor'
import { describe, expect, test } from 'vitest'
import { runProcessor } from '../../src/run-processor.js'

describe('attempts', () => {
  const failing = (until: number) => ({
    process(_: unknown, ctx: ProcessContext) {
      ctx.values.seen = 1 + Number(ctx.values.seen ?? 0)
      ctx.log.info({ seen: ctx.values.seen }, `attempt ${ctx.attempt}`)
      if (ctx.attempt < until) throw new Error(`no ${ctx.attempt}`)
    },
  })

  test('a failed record is tried again until it succeeds, each time with values of its own', async () => {
    const [outcome] = await runProcessor(failing(3), [{}], { attempts: 5 })
    expect(outcome).toMatchObject({ ok: true, status: 'done', deadLetter: false, circuitBreak: false })
    expect(outcome.attempts).toMatchObject([
      { attempt: 1, status: 'failed', cause: 'error', error: new Error('no 1') },
      { attempt: 2, status: 'failed', cause: 'error', error: new Error('no 2') },
      { attempt: 3, status: 'done' },
    ])
    expect(outcome.logs).toEqual(
      [1, 2, 3].map((n) => ({ level: 'info', fields: { seen: 1 }, message: `attempt ${n}` })),
    )
  })

  test('when they are used up, the last error is the outcome’s, and it would be a dead letter', async () => {
    const [outcome] = await runProcessor(failing(9), [{}], { attempts: 2 })
    expect(outcome).toMatchObject({ ok: false, status: 'failed', cause: 'error', error: new Error('no 2') })
    expect(outcome).toMatchObject({ deadLetter: true, circuitBreak: true, attempts: [{}, {}] })
  })

  test('a ProcessError says what its failure is to do, and retryable() of the processor is asked', async () => {
    const told = { retryable: false, disableDeadLetter: true, disableCircuitBreak: true }
    const process = () => {
      throw new ProcessError('bad', told)
    }
    const [outcome] = await runProcessor({ process }, [{}], { attempts: 5 })
    expect(outcome).toMatchObject({ deadLetter: false, circuitBreak: false, attempts: [{ attempt: 1 }] })
    const [refused] = await runProcessor({ ...failing(9), retryable: () => false }, [{}], { attempts: 5 })
    expect(refused.attempts).toHaveLength(1)
  })

  test('the outputs of failed attempts are written too', async () => {
    const process = (_: unknown, ctx: ProcessContext) => {
      void ctx.send('out', { value: String(ctx.attempt) })
      if (ctx.attempt === 1) throw new Error('again')
    }
    const [outcome] = await runProcessor({ process }, [{}], { attempts: 2 })
    expect(outcome.sent.map(({ value }) => String(value))).toEqual(['1', '2'])
    expect(outcome.attempts[0].sent).toHaveLength(1)
  })

  test.each([0, 1.5])('attempts of %d are refused: they would run nothing', async (attempts) => {
    await expect(runProcessor({ process() {} }, [{}], { attempts })).rejects.toThrow('expected a whole number from 1')
  })
})

/** A handler that runs for too long, or is told to give up. */
import type { ProcessContext } from '@zk/runtime/processor'
import { describe, expect, test, vi } from 'vitest'
import { runProcessor } from '../../src/run-processor.js'

describe('deadlines', () => {
  /** Waits until its signal aborts, then gives up for that reason. */
  const patient = {
    process: (_: unknown, { signal }: ProcessContext) =>
      new Promise<void>((_resolve, reject) => {
        if (signal.aborted) reject(signal.reason)
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  }

  test('a handler that runs past its deadline hears it, and has failed', async () => {
    const [outcome] = await runProcessor(patient, [{}], { processTimeoutMs: 5 })
    expect(outcome).toMatchObject({ status: 'failed', cause: 'timeout', attempts: [{ threadLost: false }] })
    expect(outcome.error).toMatchObject({ name: 'AbortError', reason: 'timeout' })
  })

  test('one that does not listen is not waited for, and another attempt follows', async () => {
    const process = (_: unknown, { attempt }: ProcessContext) =>
      attempt === 1 ? new Promise<void>(() => {}) : undefined
    const [outcome] = await runProcessor({ process }, [{}], { processTimeoutMs: 5, graceMs: 5, attempts: 2 })
    expect(outcome.attempts).toMatchObject([
      { status: 'failed', cause: 'timeout', threadLost: true },
      { status: 'done' },
    ])
    expect(outcome.attempts[0]).not.toHaveProperty('error')
  })

  test('one that ends well all the same has succeeded', async () => {
    const process = (_: unknown, { signal }: ProcessContext) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    expect(await runProcessor({ process }, [{}], { processTimeoutMs: 5 })).toMatchObject([{ ok: true }])
  })

  test('the deadline is a time that extendDeadline moves while the handler runs, by fake timers too', async () => {
    vi.useFakeTimers()
    try {
      vi.setSystemTime(1_000_000)
      const seen: unknown[] = []
      let late: ProcessContext | undefined
      const process = async (_: unknown, ctx: ProcessContext) => {
        late = ctx
        seen.push(ctx.deadline, ctx.extendDeadline(50), ctx.deadline)
        expect(() => ctx.extendDeadline(-1)).toThrow(RangeError)
        await vi.advanceTimersByTimeAsync(149)
        seen.push(ctx.signal.aborted)
        await vi.advanceTimersByTimeAsync(1)
        seen.push(ctx.signal.aborted, ctx.extendDeadline(50))
      }
      await runProcessor({ process }, [{}], { processTimeoutMs: 100 })
      expect(seen).toEqual([1_000_100, true, 1_000_150, false, true, false])
      expect(late!.extendDeadline(50)).toBe(false)
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('an attempt that has ended, or was told to give up, extends nothing', async () => {
    let kept: ProcessContext | undefined
    const abort = new AbortController()
    const process = (_: unknown, ctx: ProcessContext) => {
      kept = ctx
      expect(ctx.extendDeadline(1)).toBe(true)
      if (ctx.idempotencyKey.endsWith('-0')) return
      abort.abort('revoked')
      expect(ctx.extendDeadline(1)).toBe(false)
    }
    await runProcessor({ process }, [{}])
    expect(kept!.extendDeadline(1)).toBe(false)
    expect(await runProcessor({ process }, [{ offset: 1 }], { signal: abort.signal })).toMatchObject([{ ok: true }])
  })

  test('60 seconds are the default, as in a work, and 0 is none', async () => {
    const seen: (number | undefined)[] = []
    const process = (_: unknown, ctx: ProcessContext) => void seen.push(ctx.deadline)
    const before = Date.now()
    await runProcessor({ process }, [{}])
    await runProcessor({ process }, [{}], { processTimeoutMs: 0 })
    expect(seen[0]).toBeGreaterThanOrEqual(before + 60_000)
    expect(seen[1]).toBeUndefined()
  })

  test.each(['revoked', 'shutdown', 'aborted'] as const)('giving up because of %s is no failure', async (reason) => {
    const abort = new AbortController()
    const running = runProcessor(patient, [{}], { signal: abort.signal, attempts: 3 })
    abort.abort(reason)
    const [outcome] = await running
    expect(outcome).toMatchObject({ ok: false, status: 'discarded', deadLetter: false, error: { reason } })
    expect(outcome.attempts).toHaveLength(1)
  })
})

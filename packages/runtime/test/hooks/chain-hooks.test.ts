import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import { answerBeside } from '../../src/hooks/answer-beside.js'
import { chainHooks } from '../../src/hooks/chain-hooks.js'
import type { Hooks, LifecycleHooks, PendingWrite, ReadAbout, ReadMessage } from '../../src/hooks/hook-types.js'

const names = [
  'postReadImmediate',
  'postRead',
  'postFanout',
  'preProcessing',
  'postProcessing',
  'preWrite',
  'postAck',
  'circuitBreakerStateChanged',
] as const satisfies readonly (keyof LifecycleHooks)[]
const valued = ['postRead', 'preProcessing', 'preWrite'] as const

type Loose = Record<string, (...args: unknown[]) => unknown>

const all = () => Object.fromEntries(names.map((name) => [name, vi.fn()])) as unknown as LifecycleHooks & Loose
const chained = (...hooks: readonly (object | undefined | null)[]) =>
  chainHooks(...(hooks as LifecycleHooks[])) as Loose
const args = () => [{}, { values: {} }, {}]
const oops = (message: string) => () => {
  throw new Error(message)
}
const thrown = (run: () => unknown): AggregateError => {
  try {
    run()
  } catch (error) {
    return error as AggregateError
  }
  throw new Error('it did not throw')
}

describe.each(names)('%s', (name) => {
  test('calls each member of the chain once with what it was given, in their order, and no other hook', () => {
    const [first, second] = [all(), all()]
    const given = args()
    chained(first, second)[name]!(...given)
    for (const other of names) {
      expect(first[other], other).toHaveBeenCalledTimes(other === name ? 1 : 0)
      expect(second[other], other).toHaveBeenCalledTimes(other === name ? 1 : 0)
    }
    expect(first[name]).toHaveBeenCalledWith(...given)
    expect(vi.mocked(first[name]!).mock.invocationCallOrder[0]).toBeLessThan(
      vi.mocked(second[name]!).mock.invocationCallOrder[0]!,
    )
  })

  test('does without members that are missing, and is missing itself where all are', () => {
    const only = vi.fn()
    chained(undefined, {}, null, { [name]: undefined }, { [name]: only })[name]!(...args())
    expect(only).toHaveBeenCalledTimes(1)
    expect(Object.keys(chained({}, { [name]: undefined }))).toEqual([])
  })

  test('calls the others after one has thrown, and throws all errors as one', () => {
    const last = vi.fn()
    const error = thrown(() =>
      chained({ [name]: oops('a') }, { [name]: oops('b') }, { [name]: last })[name]!(...args()),
    )
    expect(last).toHaveBeenCalledTimes(1)
    expect(error).toBeInstanceOf(AggregateError)
    expect(error.errors.map(({ message }) => message)).toEqual(['a', 'b'])
    expect(error.message).toBe(`${name}: a; b`)
  })

  test('calls the others while one is not done, and rejects with what was thrown and what was rejected', async () => {
    const last = vi.fn()
    const late = { [name]: () => Promise.reject(new Error('late')) }
    const pending = chained(late, { [name]: oops('at once') }, { [name]: last })[name]!(...args())
    expect(last).toHaveBeenCalledTimes(1)
    const error = await (pending as Promise<unknown>).catch((one: unknown) => one)
    expect((error as AggregateError).errors.map(({ message }) => message)).toEqual(['at once', 'late'])
  })

  test('calls a member of a class as its own', () => {
    class Counting {
      calls = 0
    }
    Object.assign(Counting.prototype, {
      [name](this: Counting) {
        this.calls++
      },
    })
    const counting = new Counting()
    chained(counting, {})[name]!(...args())
    expect(counting.calls).toBe(1)
  })
})

test('values add up, the later win, and each hook sees those before it', () => {
  const seen: unknown[] = []
  const link = (values: object) => ({
    postRead: (_message: ReadMessage, about: ReadAbout) => {
      seen.push({ ...about.values }, about.lag)
      return { ...values }
    },
  })
  const about = {
    groupId: 'g',
    values: {},
    get lag() {
      return 7
    },
  }
  const { postRead } = chainHooks(link({ a: 1, b: 1 }), link({ b: 2 }), link({ c: 3 }))
  expect(postRead!({} as ReadMessage, about)).toEqual({ a: 1, b: 2, c: 3 })
  expect(seen).toEqual([{}, 7, { a: 1, b: 1 }, 7, { a: 1, b: 2 }, 7])
})

test('what preProcessing returns stands in ctx.values for the next one', () => {
  const values: Record<string, unknown> = { fromMain: true }
  const second = vi.fn()
  const link = (_message: unknown, ctx: unknown) => second({ ...(ctx as { values: object }).values })
  expect(chained({ preProcessing: () => ({ a: 1 }) }, { preProcessing: link }).preProcessing!({}, { values })).toEqual({
    a: 1,
  })
  expect(second).toHaveBeenCalledWith({ fromMain: true, a: 1 })
})

test('headers are merged: those of one name are the last hook’s, and names that repeat within one stay', () => {
  const { preWrite } = chainHooks(
    { preWrite: () => ({ headers: { a: '1', b: '1' } }) },
    {
      preWrite: () => ({
        headers: [
          ['b', '2'],
          ['b', '3'],
        ] as const,
      }),
    },
    { preWrite: () => ({}) },
  )
  const { headers } = preWrite!({} as PendingWrite) as { headers: [string, Buffer][] }
  expect(headers.map(([name, value]) => `${name}=${value}`)).toEqual(['a=1', 'b=2', 'b=3'])
})

test.each(valued)('%s: what the others answered stands beside the error, and beside the promise', (name) => {
  const answer = name === 'preWrite' ? { headers: [['a', Buffer.from('1')]] } : { a: 1 }
  const good = { [name]: () => answer }
  expect(answerBeside(thrown(() => chained(good, { [name]: oops('x') })[name]!(...args())))).toEqual(answer)
  const pending = chained({ [name]: async () => {} }, good)[name]!(...args())
  expect(answerBeside(pending)).toEqual(answer)
  // A chain in a chain, too.
  const nested = chained(chained({ [name]: oops('x') }, good), {})
  expect(answerBeside(thrown(() => nested[name]!(...args())))).toEqual(answer)
})

test('an answer that is none is an error of its own, and does not spoil the others', () => {
  const error = thrown(() =>
    chained({ postRead: () => 7 }, { postRead: () => ({ a: 1 }) }).postRead!({}, { values: {} }),
  )
  expect(error.errors[0]).toMatchObject({ message: 'it returned number; expected an object of values' })
  expect(answerBeside(error)).toEqual({ a: 1 })
})

test('what is no hook is refused where the chain is made, by its place and the name that was meant', () => {
  const hook = () => {}
  expect(thrown(() => chained({ postAck: hook }, { postRaed: hook, audit: hook }))).toMatchObject({
    code: 'ZK_CONFIG_INVALID',
    details: {
      problems: [
        { path: 'hooks[1].postRaed', message: 'is not a hook; did you mean postRead?' },
        { path: 'hooks[1].audit', message: `is not a hook; expected ${names.join(', ')}` },
      ],
    },
  })
  expect(thrown(() => chained(hook))).toMatchObject({ code: 'ZK_CONFIG_INVALID' })
  class Misspelt {
    postAkc() {}
  }
  expect(thrown(() => chained(new Misspelt()))).toMatchObject({
    details: { problems: [{ path: 'hooks[0].postAkc', message: 'is not a hook; did you mean postAck?' }] },
  })
  // What a set leaves out says nothing wrong, nor does what a class keeps for itself.
  class Audit {
    readonly seen: string[] = []
    note(what: string) {
      this.seen.push(what)
    }
    postAck() {
      this.note('acked')
    }
  }
  expect(Object.keys(chained({ nothing: undefined }, new Audit()))).toEqual(['postAck'])
})

test('a member that is no function is refused where the chain is made', () => {
  expect(thrown(() => chained({ postAck: 'yes' }))).toMatchObject({
    code: 'ZK_CONFIG_INVALID',
    details: { problems: [{ path: 'hooks[0].postAck', message: 'is a string; expected a function' }] },
  })
})

test('a chain of hooks of one side is hooks of that side', () => {
  expectTypeOf(chainHooks({ postAck: () => {} }, undefined)).toEqualTypeOf<Hooks>()
  const { preProcessing } = chainHooks({ preProcessing: (message: { offset: number }) => ({ offset: message.offset }) })
  expectTypeOf(preProcessing).not.toBeAny()
  expect(preProcessing).toBeTypeOf('function')
})

import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { OAuthToken } from '../../src/config/sasl.js'
import { TokenKeeper } from '../../src/kafka/token-keeper.js'
import type { Logger } from '../../src/log/logger.js'

const lines: [level: string, fields: Record<string, unknown>, message: string][] = []
const method = (level: string) => (fields: object, message: string) => lines.push([level, fields as never, message])
const logger = { warn: method('warn'), error: method('error') } as unknown as Logger

/** A librdkafka client that notes what it is told. */
function client(mayTake: () => boolean = () => true) {
  const told: string[] = []
  return {
    told,
    setToken: (value: string) => {
      if (!mayTake()) return false
      told.push(value)
      return true
    },
  }
}

let keeper: TokenKeeper
let asked = 0
function keep(answer: (count: number) => OAuthToken | Promise<OAuthToken>): TokenKeeper {
  asked = 0
  keeper = new TokenKeeper(() => answer(++asked), logger)
  return keeper
}
const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 })
  lines.length = 0
})
afterEach(() => {
  keeper.close()
  vi.useRealTimers()
})

test('every client has the token, those that come later too, and each next one when four fifths of its time are over', async () => {
  await keep((count) => ({ value: `t${count}`, lifetimeMs: 10_000 })).open()
  const [first, second] = [client(), client()]
  keeper.attach(first)
  await vi.advanceTimersByTimeAsync(7_999)
  keeper.attach(second)
  expect([first.told, second.told]).toEqual([['t1'], ['t1']])
  await vi.advanceTimersByTimeAsync(1)
  expect([first.told, second.told]).toEqual([
    ['t1', 't2'],
    ['t1', 't2'],
  ])
})

test.each<[string, () => Omit<OAuthToken, 'value'> & { value?: string }, number]>([
  ['expiresAt', () => ({ expiresAt: Date.now() + 1_000 }), 800],
  ['lifetimeMs', () => ({ lifetimeMs: 2_000 }), 1_600],
  ['the exp of a JWT', () => ({ value: jwt({ exp: Date.now() / 1_000 + 100 }) }), 80_000],
  ['nothing', () => ({}), 240_000],
])('when it ends says %s', async (_, given, renewedAfterMs) => {
  await keep(() => ({ value: 't', ...given() })).open()
  await vi.advanceTimersByTimeAsync(renewedAfterMs - 1)
  expect(asked).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(asked).toBe(2)
})

test('a renewal that fails is told once each time and tried again, and the old token stays', async () => {
  await keep((count) => {
    if (count > 1 && count < 6) throw Object.assign(new Error('away'), { config: { secret: 'hunter2' } })
    return { value: `t${count}`, lifetimeMs: 2_000 }
  }).open()
  const one = client()
  keeper.attach(one)
  await vi.advanceTimersByTimeAsync(1_599)
  expect(keeper.isStale, 'nobody has refused another one').toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  // A quarter of what it still has, and not more often than four times a second: at 1,850, 2,100.
  await vi.advanceTimersByTimeAsync(250 + 250)
  expect(keeper.isStale, 'it has ended, and there is no other').toBe(true)
  expect(one.told).toEqual(['t1'])
  await vi.advanceTimersByTimeAsync(4_000)
  expect(asked).toBe(5)
  await vi.advanceTimersByTimeAsync(8_000)
  expect(one.told).toEqual(['t1', 't6'])
  expect(keeper.isStale).toBe(false)
  expect(lines.map(([level, { reason, failures }]) => [level, reason, failures])).toEqual([
    ['warn', 'away', 1],
    ['warn', 'away', 2],
    ['warn', 'away', 3],
    ['warn', 'away', 4],
  ])
  expect(lines[0]![2]).toBe('The OAUTHBEARER token could not be renewed; it is asked for again in 250 ms')
  expect(inspect(lines, { depth: 9 })).not.toContain('hunter2')
})

test('brokers may refuse a token some seconds before its end, when there is no other; before that they mean it', async () => {
  await keep((count) => {
    if (count > 1) throw new Error('away')
    return { value: 't1', lifetimeMs: 100_000 }
  }).open()
  await vi.advanceTimersByTimeAsync(94_999)
  expect(asked).toBeGreaterThan(2)
  expect(keeper.isStale).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(keeper.isStale).toBe(true)
})

test('a client that is busy is told a little later, unless it was closed or there is a newer token', async () => {
  let isBusy = false
  await keep((count) => ({ value: `t${count}`, lifetimeMs: 1_000 })).open()
  const [one, gone] = [client(() => !isBusy), client(() => !isBusy)]
  keeper.attach(one)
  const detach = keeper.attach(gone)
  isBusy = true
  await vi.advanceTimersByTimeAsync(801)
  detach()
  isBusy = false
  await vi.advanceTimersByTimeAsync(50)
  expect(one.told).toEqual(['t1', 't2'])
  expect(gone.told).toEqual(['t1'])
})

test.each<[string, () => unknown, RegExp]>([
  [
    'throws',
    () => {
      throw new Error('no such client')
    },
    /no such client/,
  ],
  ['rejects', () => Promise.reject(new Error('no such client')), /no such client/],
  ['never answers', () => new Promise(() => {}), /has not answered within 10000 ms/],
  ['gives nothing', () => undefined, /gave no \{ value \}/],
  ['gives a token with a line break', () => ({ value: 'a\nhunter2' }), /a character that no token may have/],
  ['gives a token that has ended', () => ({ value: 't', expiresAt: Date.now() - 1 }), /the token ended at 2023-11-14T/],
  [
    'gives seconds for milliseconds',
    () => ({ value: 't', expiresAt: 1_800_000_000 }),
    /the token ended at 1970-01-21T/,
  ],
  ['gives an end that is none', () => ({ value: 't', expiresAt: '12:00' }), /no number of milliseconds/],
])('a start is refused when the callback %s', async (_, answer, text) => {
  const opened = keep(answer as never)
    .open()
    .catch((error: Error) => error)
  await vi.advanceTimersByTimeAsync(10_000)
  const error = (await opened) as Error
  expect(error).toMatchObject({ code: 'ZK_SASL_TOKEN', message: expect.stringMatching(text), exitCode: 1 })
  expect(error.cause).toBeUndefined()
  expect(inspect(error)).not.toContain('hunter2')
})

test('nobody is asked any more once it is closed', async () => {
  await keep(() => ({ value: 't', lifetimeMs: 1_000 })).open()
  keeper.close()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(asked).toBe(1)
})

test('where there was no first token, another try asks again', async () => {
  const opened = keep((count) => {
    if (count === 1) throw new Error('away')
    return { value: 't2', lifetimeMs: 10_000 }
  })
  await expect(opened.open()).rejects.toMatchObject({ code: 'ZK_SASL_TOKEN' })
  await opened.open()
  await opened.open()
  expect(asked).toBe(2)
})

import { expect, test } from 'vitest'
import { ErrorLog } from '../../src/kafka/error-log.js'
import type { Logger } from '../../src/log/logger.js'

const ALL_BROKERS_DOWN = { code: -187, message: 'Local: All broker connections are down' }
const TRANSPORT = { code: -195, message: 'Local: Broker transport failure' }
const OTHER = { code: -169, message: 'Local: Bad message format' }

function writing() {
  const lines: unknown[] = []
  const line =
    (level: string) =>
    (fields: { leftOut?: number }, message: string): void =>
      void lines.push([level, message, fields.leftOut ?? 0])
  const log = new ErrorLog({ warn: line('warn'), error: line('error') } as unknown as Logger, 'c')
  return { log, lines: () => lines.splice(0) }
}

test('brokers that cannot be reached are told of every ten seconds, not ten times a second', () => {
  const { log, lines } = writing()
  for (let ms = 0; ms <= 10_000; ms += 100) log.write(ALL_BROKERS_DOWN, ms)
  expect(lines()).toEqual([
    ['warn', ALL_BROKERS_DOWN.message, 0],
    ['warn', ALL_BROKERS_DOWN.message, 99],
  ])
  log.write(ALL_BROKERS_DOWN, 60_000)
  expect(lines()).toEqual([['warn', ALL_BROKERS_DOWN.message, 0]])
})

test('they are known by their words as well, for node-rdkafka mostly tells no code', () => {
  const { log, lines } = writing()
  const words = 'all broker connections are down'
  for (const code of [-1, undefined, -1]) log.write({ code, message: words }, 0)
  expect(lines()).toEqual([['warn', words, 0]])
  for (const ms of [0, 1]) log.write({ code: -1, message: 'something else' }, ms)
  expect(lines()).toEqual([
    ['error', 'something else', 0],
    ['error', 'something else', 0],
  ])
})

test('another error is not left out for it, and one that does not pass never is', () => {
  const { log, lines } = writing()
  for (const error of [ALL_BROKERS_DOWN, TRANSPORT, OTHER, OTHER]) log.write(error, 0)
  expect(lines()).toEqual([
    ['warn', ALL_BROKERS_DOWN.message, 0],
    ['warn', TRANSPORT.message, 0],
    ['error', OTHER.message, 0],
    ['error', OTHER.message, 0],
  ])
})

import { EventEmitter } from 'node:events'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { librdkafkaError, librdkafkaLog, logLibrdkafka } from '../../src/kafka/librdkafka-log.js'

describe('log lines of librdkafka', () => {
  test.each([
    [0, 'fatal'],
    [2, 'fatal'],
    [3, 'error'],
    [4, 'warn'],
    [5, 'info'],
    [6, 'info'],
    [7, 'debug'],
    [42, 'info'],
  ])('severity %i is %s', (severity, level) => {
    expect(librdkafkaLog({ severity, fac: 'FAIL', message: 'm' }, 'c').level).toBe(level)
  })

  test('facility and client id are fields; the message is without the thread inside librdkafka', () => {
    const message = '[thrd:localhost:9092/bootstrap]: localhost:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed'
    expect(librdkafkaLog({ severity: 3, fac: 'FAIL', message }, 'billing-1')).toEqual({
      level: 'error',
      fields: { clientId: 'billing-1', facility: 'FAIL' },
      message: 'localhost:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed',
    })
  })
})

test('the lines of a client go to the logger', () => {
  const client = new EventEmitter()
  const lines: string[] = []
  const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(line) })
  logLibrdkafka(client, { clientId: 'billing-1', logger })
  client.emit('event.log', { severity: 4, fac: 'TERMINATE', message: '[thrd:app]: rdkafka#consumer-1: leaving' })
  client.emit('event.log', { severity: 7, fac: 'METADATA', message: 'below the level' })
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: 40, clientId: 'billing-1', facility: 'TERMINATE', msg: 'rdkafka#consumer-1: leaving' },
  ])
})

describe('errors of librdkafka', () => {
  test.each([
    [-150, 'fatal'],
    [-195, 'warn'],
    [-187, 'warn'],
    [-193, 'warn'],
    [-185, 'warn'],
    [-169, 'error'],
    [undefined, 'error'],
  ])('code %s is %s', (code, level) => {
    expect(librdkafkaError({ code, message: 'm' }, 'c').level).toBe(level)
  })

  test('the code is a field', () => {
    expect(librdkafkaError({ code: -195, message: 'broker transport failure' }, 'billing-1')).toEqual({
      level: 'warn',
      fields: { clientId: 'billing-1', code: -195 },
      message: 'broker transport failure',
    })
  })
})

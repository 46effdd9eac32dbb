/** Which properties of librdkafka may be given, and what they say to the fields. */
import { describe, expect, test } from 'vitest'
import { parseClientConfig, parseWorkConfig } from '../../../src/config/parse-config.js'
import { failure } from '../failure.js'
import { minimal, problems, work } from './parsed.js'

describe('additionalProps', () => {
  test.each([
    ['enable.auto.commit', 'decides when a record counts as done'],
    ['enable.auto.offset.store', 'decides when a record counts as done'],
    ['group.id', 'use the field groupId'],
    ['client.id', 'use the field clientId'],
    ['bootstrap.servers', 'bootstrapServers'],
    ['metadata.broker.list', 'bootstrapServers'],
    ['partition.assignment.strategy', 'use the field assignmentStrategy'],
    ['auto.offset.reset', 'use the field autoOffsetReset'],
    ['enable.partition.eof', 'where a partition ends'],
    ['rebalance_cb', 'listens there itself'],
    ['offset_commit_cb', 'listens there itself'],
    ['go.events.channel.enable', 'Go client'],
  ])('%s is refused: %s', (property, why) => {
    const expected = { code: 'ZK_CONFIG_OWNED_PROPERTY', message: expect.stringContaining(why), details: { property } }
    expect(failure(() => work({ additionalProps: { [property]: 'x' } }))).toMatchObject(expected)
    const given = { bootstrapServers: ['a:1'], additionalProps: { [property]: 'x' } }
    expect(failure(() => parseClientConfig(given))).toMatchObject(expected)
  })

  test('a name that every object has is no owned property: librdkafka judges it', () => {
    expect(work({ additionalProps: { toString: 'x' } }).additionalProps).toEqual({ toString: 'x' })
  })

  test('several owned properties are all listed', () => {
    const run = () => work({ additionalProps: { 'group.id': 'x', 'client.id': 'y' } })
    expect(Object.keys(problems(run))).toEqual(['additionalProps["group.id"]', 'additionalProps["client.id"]'])
  })

  test('a time given here wins, and the field says so: the work’s before the client’s', () => {
    const additionalProps = {
      'session.timeout.ms': 6000,
      'max.poll.interval.ms': '60000',
      'auto.commit.interval.ms': 100,
    }
    const withProps = parseClientConfig({ bootstrapServers: ['a:1'], additionalProps })
    expect(parseWorkConfig({ ...minimal, sessionTimeoutMs: 30_000 }, withProps)).toMatchObject({
      sessionTimeoutMs: 6000,
      maxPollIntervalMs: 60_000,
      autoCommitIntervalMs: 100,
    })
    const own = { ...minimal, additionalProps: { 'session.timeout.ms': 7000, 'queued.max.messages.kbytes': 512 } }
    expect(parseWorkConfig(own, withProps)).toMatchObject({ sessionTimeoutMs: 7000, queuedMaxKbytes: 512 })
  })

  test('a value that would turn commits off, or is no number, is refused where it was given', () => {
    expect(problems(() => work({ additionalProps: { 'auto.commit.interval.ms': 0 } }))).toEqual({
      'additionalProps["auto.commit.interval.ms"]': 'is 0; expected a whole number, at least 1',
    })
    const withProps = parseClientConfig({
      bootstrapServers: ['a:1'],
      additionalProps: { 'session.timeout.ms': 'soon' },
    })
    expect(problems(() => parseWorkConfig(minimal, withProps))).toEqual({
      'the client\'s additionalProps["session.timeout.ms"]': 'is "soon"; expected a whole number, at least 1',
    })
  })
})

/** What a work’s dead letter topic may be. */
import { describe, expect, test } from 'vitest'
import { failure } from '../failure.js'
import { problems, work } from './parsed.js'

describe('a work', () => {
  test('a dead letter topic is a name, or an object with what goes with it', () => {
    const defaults = {
      topic: 'orders.dlt',
      headerStyle: 'zk',
      oversized: 'truncate',
      maxStackBytes: 4_096,
      ratioWindow: 1_000,
    }
    expect(work({ deadLetterTopic: 'orders.dlt' }).deadLetterTopic).toEqual(defaults)
    expect(work({ deadLetterTopic: { topic: 'orders.dlt' } }).deadLetterTopic).toEqual(defaults)
    const all = {
      ...{ topic: 'orders.dlt', headerStyle: 'spring', oversized: 'stop', maxStackBytes: 0 },
      ...{ maxDeadLetterRatio: 0.1, ratioWindow: 50 },
    }
    expect(work({ deadLetterTopic: all }).deadLetterTopic).toEqual(all)
  })

  test.each([
    ['', { 'deadLetterTopic.topic': expect.stringContaining('it is empty') }],
    ['^orders', { 'deadLetterTopic.topic': expect.stringContaining('is a pattern') }],
    [7, { deadLetterTopic: 'is 7; expected a topic name, false, or an object with topic' }],
    [{}, { 'deadLetterTopic.topic': 'is missing; expected a topic name' }],
    [{ topic: 'd', oversize: 'stop' }, { 'deadLetterTopic.oversize': 'is not a field; did you mean oversized?' }],
    [
      { topic: 'd', headerStyle: 'kafka', maxDeadLetterRatio: 2, ratioWindow: 0, maxStackBytes: -1 },
      {
        'deadLetterTopic.headerStyle': "is \"kafka\"; expected 'zk', 'spring' or 'connect'",
        'deadLetterTopic.maxDeadLetterRatio': 'is 2; expected a number from 0 to 1',
        'deadLetterTopic.ratioWindow': 'is 0; expected a whole number of records, 1 to 1000000',
        'deadLetterTopic.maxStackBytes': 'is -1; expected a whole number of bytes, 0 to 1048576',
      },
    ],
  ])('refuses the dead letter topic %j with what was expected', (deadLetterTopic, expected) => {
    // A second problem, so that none is an error of its own.
    expect(problems(() => work({ deadLetterTopic, concurrency: 0 }))).toMatchObject(expected)
  })

  test.each([
    ['orders', {}],
    ['b', { topic: undefined, topics: ['a', 'b'] }],
    ['orders.dlt', { topic: '^orders.*' }],
  ])('a dead letter topic that the work reads itself, %s, is refused', (deadLetterTopic, more) => {
    const { code, message } = failure(() => work({ deadLetterTopic, ...more }))
    expect(code).toBe('ZK_CONFIG_CONFLICT')
    expect(message).toContain(deadLetterTopic)
  })
})

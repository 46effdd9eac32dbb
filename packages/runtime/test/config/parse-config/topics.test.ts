/** Which topics a work takes. */
import { describe, expect, test } from 'vitest'
import { failure } from '../failure.js'
import { problems, work } from './parsed.js'

describe('topics', () => {
  test.each([
    [{ topic: 'a' }, ['a']],
    [{ topics: ['a', 'b'] }, ['a', 'b']],
    [{ topic: '^orders-.*' }, ['^orders-.*']],
    [{ topics: ['a.b_c-D9', 'x'.repeat(249)] }, ['a.b_c-D9', 'x'.repeat(249)]],
  ])('%j', (given, topics) => {
    expect(work({ topic: undefined, ...given }).topics).toEqual(topics)
  })

  test.each([
    ['', 'it is empty'],
    ['.', 'Kafka reserves it'],
    ['..', 'Kafka reserves it'],
    ['a b', 'it contains " "'],
    ['orders/eu', 'it contains "/"'],
    ['bestellungen-ü', 'it contains "ü"'],
    ['x'.repeat(250), 'it has 250 characters'],
    ['^(orders', 'not a regular expression'],
  ])('%j is refused as a topic of its own error: %s', (topic, why) => {
    for (const given of [{ topic }, { topic: undefined, topics: ['fine', topic] }]) {
      expect(failure(() => work(given))).toMatchObject({
        code: 'ZK_TOPIC_INVALID',
        message: expect.stringContaining(why),
        details: { topic },
      })
    }
  })

  test('among other problems it is one of the list', () => {
    expect(problems(() => work({ topic: 'a b', speedup: 0 }))).toEqual({
      topic: '"a b" is not a topic name: it contains " "',
      speedup: expect.any(String),
    })
  })

  test.each([
    [{ topic: undefined }, { topic: 'is missing; expected a topic name, or topics with several' }],
    [{ topics: ['b'] }, { topic: 'is given together with topics; expected one of them' }],
    [{ topic: undefined, topics: ['a', 'b', 'a'] }, { topics: 'has "a" more than once' }],
    [{ topic: undefined, topics: [] }, { topics: expect.stringContaining('is an empty array') }],
  ])('%j is refused', (given, expected) => {
    expect(problems(() => work(given))).toEqual(expected)
  })
})

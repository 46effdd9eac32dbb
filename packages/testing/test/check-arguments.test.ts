/** A test whose option is misspelt must not pass as if it had been given. */
import { json } from '@zk/formats'
import { describe, expect, test } from 'vitest'
import { createFakeClient } from '../src/fake-client.js'
import { fakeMessage, runProcessor } from '../src/index.js'

const processor = { process() {} }
const loose = (value: unknown) => value as never
const invalid = (...problems: [path: string, message: string][]) =>
  expect.objectContaining({
    code: 'ZK_CONFIG_INVALID',
    details: { problems: problems.map(([path, message]) => ({ path, message })) },
  })

describe('runProcessor', () => {
  test.each<[object, string, string]>([
    [{ attemps: 3 }, 'attemps', 'is not a field; did you mean attempts?'],
    [{ processTimeoutMS: 3 }, 'processTimeoutMS', 'is not a field; did you mean processTimeoutMs?'],
    [{ attempts: 0 }, 'attempts', 'is 0; expected a whole number from 1'],
    [{ concurrency: 1.5 }, 'concurrency', 'is 1.5; expected a whole number from 1'],
    [{ graceMs: Number.NaN }, 'graceMs', 'is NaN; expected a number of milliseconds, at least 0'],
    [{ processTimeoutMs: '5' }, 'processTimeoutMs', 'is "5"; expected a number of milliseconds, at least 0'],
    [{ signal: {} }, 'signal', 'is an object; expected an AbortSignal'],
    [{ onSend: 5 }, 'onSend', 'is 5; expected a function'],
    [{ values: [] }, 'values', 'is an array; expected an object'],
  ])('refuses %o', async (options, path, message) => {
    await expect(runProcessor(processor, [{}], loose(options))).rejects.toEqual(invalid([path, message]))
  })

  test('says all that is wrong with a call at once: processor, records and options', async () => {
    const records = [
      { key: 'a' },
      { vlaue: 'b' },
      { partition: -1, value: { n: 1 } },
      { value: 'c', rawValue: 'd' },
      null,
    ]
    await expect(runProcessor(loose({}), loose(records), loose({ log: 1 }))).rejects.toEqual(
      invalid(
        ['processor', 'has no process; expected an object with a process or processBatch function'],
        ['records[1].vlaue', 'is not a field; did you mean value?'],
        ['records[2].partition', 'is -1; expected a whole number from 0'],
        ['records[2].value', 'is neither text nor bytes, which needs the format of the processor'],
        ['records[3].value', 'is given together with rawValue; a fake record has one of them, not both'],
        ['records[4]', 'is null; expected an object'],
        ['log', 'is 1; expected an object'],
      ),
    )
    await expect(runProcessor(processor, loose('abc'))).rejects.toEqual(
      invalid(['records', 'is no array; expected one of records']),
    )
  })

  test('takes options and fields that are undefined', async () => {
    const records = [{ key: undefined, value: { n: 1 } }]
    const options = { attempts: undefined, signal: undefined }
    const outcomes = await runProcessor({ format: json(), process() {} }, loose(records), loose(options))
    expect(outcomes).toHaveLength(1)
  })
})

test.each<[object, string, string]>([
  [{ keys: 'a' }, 'keys', 'is not a field; did you mean key?'],
  [{ key: 5 }, 'key', 'is 5; expected a text, bytes or null'],
  [{ headers: { a: 'b' } }, 'headers', 'is an object; expected pairs of a name and a value'],
  [{ timestamp: '2026' }, 'timestamp', 'is "2026"; expected a number of milliseconds since 1970'],
  [{ topic: 7 }, 'topic', 'is 7; expected a text'],
])('fakeMessage refuses %o', (record, path, message) => {
  expect(() => fakeMessage(loose(record))).toThrow(invalid([path, message]))
})

describe('the fake client', () => {
  test.each<[object, string, string]>([
    [{ topcis: ['a'] }, 'topcis', 'is not a field; did you mean topics?'],
    [{ topics: 'a' }, 'topics', 'is "a"; expected names, or an object of names and their number of partitions, from 1'],
    [
      { topics: { a: 0 } },
      'topics',
      'is an object; expected names, or an object of names and their number of partitions, from 1',
    ],
    [{ partitions: 0 }, 'partitions', 'is 0; expected a whole number from 1'],
    [{ loadProcessor: './processor.js' }, 'loadProcessor', 'is "./processor.js"; expected a function'],
  ])('is not made with %o', (options, path, message) => {
    expect(() => createFakeClient(loose(options))).toThrow(invalid([path, message]))
  })

  test('refuses records that its topics cannot hold, and none of them is fed', () => {
    const fake = createFakeClient({ topics: { orders: 2 } })
    expect(() => fake.feed('orders', loose([{ value: 'a' }, { value: 'b', topic: 'other' }]))).toThrow(
      invalid(['records[1].topic', 'is not a field; expected key, value, rawValue, headers, partition, timestamp']),
    )
    expect(() => fake.feed('orders', [{ value: 'a' }, { partition: 2 }])).toThrow(
      invalid(['records[1].partition', 'is 2; orders has 2 in this fake client']),
    )
    expect(fake.records('orders')).toEqual([])
  })

  test('its methods refuse options that they do not have', async () => {
    const fake = createFakeClient()
    await expect(fake.until(() => true, loose({ timeout: 5 }))).rejects.toEqual(
      invalid(['timeout', 'is not a field; did you mean timeoutMs?']),
    )
    await expect(fake.settled(loose({ timeoutMs: -1 }))).rejects.toEqual(
      invalid(['timeoutMs', 'is -1; expected a number of milliseconds, at least 0']),
    )
    expect(() => fake.refuse('orders', loose({ reason: 'x' }))).toThrow(
      invalid(['reason', 'is not a field; expected message, code']),
    )
  })
})

/** How what is wrong is said: all at once, with a suggestion, and without a secret. */
import { describe, expect, test } from 'vitest'
import { parseClientConfig } from '../../../src/config/parse-config.js'
import { failure } from '../failure.js'
import { problems, work } from './parsed.js'

describe('a work', () => {
  test('every problem is listed at once, with its path, what was found and what was expected', () => {
    const run = () =>
      work({
        groupId: '',
        speedup: '8',
        concurrency: 1.5,
        ordering: 'keys',
        drainTimeoutMs: -1,
        shutdownTimeoutMs: Number.NaN,
        windowBytes: 10,
        processor: 7,
        waitForTopics: 'yes',
        additionalProps: { 'fetch.min.bytes': null },
      })
    expect(problems(run)).toEqual({
      groupId: 'is ""; expected a text that is not empty',
      speedup: 'is "8"; expected a whole number of threads, 1 to 1024',
      concurrency: "is 1.5; expected a whole number of messages, 1 to 100000, or 'auto'",
      ordering: "is \"keys\"; expected 'key', 'partition' or 'none'",
      drainTimeoutMs: 'is -1; expected a whole number of milliseconds, 1 to 86400000',
      shutdownTimeoutMs: 'is NaN; expected a whole number of milliseconds, 1 to 86400000',
      windowBytes: expect.stringContaining('is 10; expected a whole number of bytes, 1024 to'),
      processor: "is 7; expected a path, or a URL such as new URL('./processor.js', import.meta.url)",
      waitForTopics: 'is "yes"; expected true or false',
      'additionalProps["fetch.min.bytes"]': 'is null; expected an object of texts, numbers and booleans',
    })
  })

  test.each([
    ['sessionTimeout', 'is not a field; did you mean sessionTimeoutMs?'],
    ['speedUp', 'is not a field; did you mean speedup?'],
    ['groupID', 'is not a field; did you mean groupId?'],
    ['processTimeout', 'is not a field; did you mean processTimeoutMs?'],
  ])('%s: %s', (field, message) => {
    expect(problems(() => work({ [field]: 1 }))).toEqual({ [field]: message })
  })

  test('the value of a secret is not repeated', () => {
    const error = failure(() =>
      work({ additionalProps: { 'sasl.password': ['hunter2'], 'ssl.key.password': { a: 'hunter2' } } }),
    )
    expect(error.message).toContain('additionalProps["sasl.password"]: is [redacted]')
    expect(JSON.stringify(error.details) + error.message).not.toContain('hunter2')
  })

  test.each([
    [{ bootstrapServers: ['sasl://user:hunter2@h:9092'] }, '"sasl://[redacted]@h:9092" is a URL'],
    [{ bootstrapServers: ['user:hunter2@h:9092'] }, '"[redacted]@h:9092" is not host:port'],
    [{ bootstrapServers: ['u:hun/ter2@a:1,u:hunter2@b:1'] }, '"[redacted]@b:1" is more than one server'],
    [{ bootstrapServers: 'user:hunter2@h:9092' }, 'is "[redacted]@h:9092"; expected an array'],
    [{ bootstrapServers: ['a:1'], additionalProps: 'sasl.password=hunter2' }, 'is [redacted]; expected an object'],
    [
      { bootstrapServers: ['a:1'], sasl: { mechanism: 'hunter2' } },
      "sasl.mechanism: is [redacted]; expected 'plain', ",
    ],
    [
      { bootstrapServers: ['a:1'], sasl: { username: 4_711, token: 'hunter2' } },
      'sasl.username: is [redacted]; expected a text',
    ],
    [{ bootstrapServers: ['a:1'], sasl: 'hunter2' }, 'sasl: is [redacted]; expected false, or an object'],
    [{ bootstrapServers: ['a:1'], sasl: { mechanism: '' } }, 'sasl.mechanism: is ""; expected \'plain\', '],
    [
      { bootstrapServers: ['a:1'], sasl: { mechanism: ['hunter2'] } },
      "sasl.mechanism: is an array; expected 'plain', ",
    ],
    [{ bootstrapServers: ['a:1'], sasl: true }, 'sasl: is true; expected false, or an object'],
    [{ bootstrapServers: ['a:1'], tls: { enabled: 'hunter2' } }, 'tls.enabled: is [redacted]; expected true or false'],
    [
      { bootstrapServers: ['a:1'], tls: { verifyHostname: 'hunter2' } },
      'tls.verifyHostname: is [redacted]; expected true',
    ],
    [
      { bootstrapServers: ['a:1'], tls: { verifyCertificate: 'hunter2' } },
      'tls.verifyCertificate: is [redacted]; expected',
    ],
    [{ bootstrapServers: ['a:1'], tls: { ca: 5, key: ['hunter2'] } }, 'tls.ca: is [redacted]; expected a path, or PEM'],
  ])('nor is that of one in the wrong place: %j', (input, text) => {
    const error = failure(() => parseClientConfig(input))
    expect(error.message).toContain(text)
    expect(JSON.stringify(error.details) + error.message).not.toMatch(/hun\/?ter2|4711/)
  })
})

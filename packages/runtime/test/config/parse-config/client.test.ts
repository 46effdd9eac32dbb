/** What a client’s configuration is, and which servers it takes. */
import { describe, expect, test } from 'vitest'
import { parseClientConfig } from '../../../src/config/parse-config.js'
import { failure } from '../failure.js'
import { client, problems } from './parsed.js'

describe('a client', () => {
  test('needs nothing but servers', () => {
    expect(client).toEqual({ bootstrapServers: ['localhost:9092'], additionalProps: {} })
  })

  test.each(['localhost:9092', 'a-b.example.com:1', '10.0.0.1:65535', '[::1]:9092'])('takes %s', (server) => {
    expect(parseClientConfig({ bootstrapServers: [server] }).bootstrapServers).toEqual([server])
  })

  test.each([
    ['localhost', 'is not host:port'],
    ['localhost:', 'is not host:port'],
    [':9092', 'is not host:port'],
    ['::1:9092', 'is not host:port'],
    ['a:9092,b:9092', 'more than one server'],
    ['SASL_SSL://a:9092', 'is a URL'],
    ['a:0', 'outside of 1 to 65535'],
    ['a:65536', 'outside of 1 to 65535'],
    ['a b:9092', 'is not host:port'],
  ])('refuses %s: %s', (server, why) => {
    expect(problems(() => parseClientConfig({ bootstrapServers: ['ok:1', server] }))).toEqual({
      'bootstrapServers[1]': expect.stringContaining(why),
    })
  })

  test.each([
    [undefined, { '': 'is missing; expected an object' }],
    [{}, { bootstrapServers: 'is missing; expected an array of host:port' }],
    [{ bootstrapServers: [] }, { bootstrapServers: 'is an empty array; expected an array of host:port' }],
    [{ bootstrapServers: 'a:1' }, { bootstrapServers: 'is "a:1"; expected an array of host:port' }],
  ])('%j is refused with what was expected', (input, expected) => {
    const error = failure(() => parseClientConfig(input))
    const found = (error.details as { problems: { path: string; message: string }[] }).problems
    expect(Object.fromEntries(found.map(({ path, message }) => [path, message]))).toEqual(expected)
  })
})

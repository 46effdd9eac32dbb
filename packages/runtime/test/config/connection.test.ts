import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { ClientInput } from '../../src/config/client-config.js'
import { parseClientConfig, parseWorkConfig } from '../../src/config/parse-config.js'
import { consumerProperties, producerProperties } from '../../src/config/properties.js'
import type { WorkInput } from '../../src/config/work-config.js'
import { failure } from './failure.js'

const user = { username: 'alice', password: 'hunter2' }
const token = () => ({ value: 't' })
const PEM = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n'

function parsed(client: Partial<ClientInput>, work: Partial<WorkInput> = {}) {
  const clientConfig = parseClientConfig({ bootstrapServers: ['a:1'], ...client })
  const minimal = { topic: 'orders', groupId: 'billing', processor: './p.js', speedup: 1 }
  const config = parseWorkConfig({ ...minimal, ...work }, clientConfig)
  return {
    config,
    consumer: consumerProperties(config, clientConfig).global,
    producer: producerProperties(config, clientConfig),
  }
}

/** What concerns the way to the brokers, which must be the same for both. */
function properties(client: Partial<ClientInput>, work?: Partial<WorkInput>) {
  const { consumer, producer } = parsed(client, work)
  const ofSecurity = (all: object) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => /^(security|sasl|ssl|enable\.ssl|bootstrap)/.test(name)))
  expect(ofSecurity(producer)).toEqual(ofSecurity(consumer))
  return ofSecurity(consumer)
}

const overTls = {
  'bootstrap.servers': 'a:1',
  'security.protocol': 'sasl_ssl',
  'enable.ssl.certificate.verification': true,
  'ssl.endpoint.identification.algorithm': 'https',
}

describe('a consumer and a producer are told the same', () => {
  test('nothing of security without the fields', () => {
    expect(properties({})).toEqual({ 'bootstrap.servers': 'a:1' })
  })

  test.each([
    [undefined, 'SCRAM-SHA-256'],
    ['plain', 'PLAIN'],
    ['scram-sha-256', 'SCRAM-SHA-256'],
    ['scram-sha-512', 'SCRAM-SHA-512'],
  ] as const)('the mechanism %s is %s, over TLS', (mechanism, name) => {
    expect(properties({ sasl: { ...(mechanism && { mechanism }), ...user } })).toEqual({
      ...overTls,
      ...{ 'sasl.mechanism': name, 'sasl.username': 'alice', 'sasl.password': 'hunter2' },
    })
  })

  test('a token callback is OAUTHBEARER, and no property', () => {
    expect(properties({ sasl: { token } })).toEqual({ ...overTls, 'sasl.mechanism': 'OAUTHBEARER' })
  })

  test('tls: false is SASL in the clear', () => {
    expect(properties({ sasl: user, tls: false })).toMatchObject({ 'security.protocol': 'sasl_plaintext' })
  })

  test('tls alone, with paths', () => {
    expect(properties({ tls: { ca: '/ca.pem', cert: '/c.pem', key: '/k.pem', passphrase: 'p' } })).toEqual({
      ...overTls,
      'security.protocol': 'ssl',
      ...{ 'ssl.ca.location': '/ca.pem', 'ssl.certificate.location': '/c.pem', 'ssl.key.location': '/k.pem' },
      'ssl.key.password': 'p',
    })
  })

  test('PEM text is told from a path', () => {
    expect(properties({ tls: { ca: PEM, cert: PEM, key: PEM } })).toMatchObject({
      ...{ 'ssl.ca.pem': PEM, 'ssl.certificate.pem': PEM, 'ssl.key.pem': PEM },
    })
  })

  test('what is not to be verified is not', () => {
    const name = 'ssl.endpoint.identification.algorithm'
    expect(properties({ tls: { verifyHostname: false } })).toMatchObject({ [name]: 'none' })
    const nothing = { 'enable.ssl.certificate.verification': false, [name]: 'none' }
    expect(properties({ tls: { verifyCertificate: false } })).toMatchObject(nothing)
  })
})

describe('a work says otherwise than its client', () => {
  test('other brokers keep the client’s security', () => {
    expect(properties({ sasl: user }, { bootstrapServers: ['b:2', 'c:3'] })).toMatchObject({
      'bootstrap.servers': 'b:2,c:3',
      'sasl.username': 'alice',
    })
  })

  test.each([
    [{ username: 'bob' }, 'bob', 'hunter2'],
    [{ password: 'other' }, 'alice', 'other'],
    [{ username: 'bob', password: 'other' }, 'bob', 'other'],
  ])('%j alone replaces what it names', (sasl, username, password) => {
    expect(properties({ sasl: { mechanism: 'plain', ...user } }, { sasl })).toMatchObject({
      ...{ 'sasl.mechanism': 'PLAIN', 'sasl.username': username, 'sasl.password': password },
    })
  })

  test('sasl: false is none, and its TLS goes with it', () => {
    expect(properties({ sasl: user }, { sasl: false })).toEqual({ 'bootstrap.servers': 'a:1' })
    expect(properties({ sasl: user, tls: true }, { sasl: false })).toMatchObject({ 'security.protocol': 'ssl' })
  })

  test('a token replaces a password, whose fields are not told', () => {
    const said = properties({ sasl: { mechanism: 'plain', ...user } }, { sasl: { token } })
    expect(said).toMatchObject({ 'sasl.mechanism': 'OAUTHBEARER' })
    expect(said).not.toHaveProperty(['sasl.password'])
  })

  test('tls replaces the client’s as a whole', () => {
    const said = properties({ tls: { ca: '/ca', cert: '/c', key: '/k' } }, { tls: { ca: '/other' } })
    expect(said).toMatchObject({ 'ssl.ca.location': '/other' })
    expect(said).not.toHaveProperty(['ssl.key.location'])
    expect(properties({ tls: true }, { tls: false })).toEqual({ 'bootstrap.servers': 'a:1' })
  })
})

describe('what does not go together is told before anything connects', () => {
  test.each<[Partial<ClientInput>, Partial<WorkInput>, string, string]>([
    [{ sasl: { username: 'alice' } }, {}, 'sasl.password', 'is missing; the mechanism scram-sha-256 needs it'],
    [{ sasl: { password: 'x' } }, {}, 'sasl.username', 'is missing; the mechanism scram-sha-256 needs it'],
    [{ sasl: { mechanism: 'oauthbearer' } }, {}, 'sasl.token', 'is missing; the mechanism oauthbearer needs it'],
    [
      { sasl: { token } },
      { sasl: { password: 'x' } },
      'sasl.password',
      'does not go with the mechanism oauthbearer; give another mechanism',
    ],
    [{ tls: { cert: '/c' } }, {}, "the client's tls.key", 'is missing; cert needs it'],
    [{}, { tls: { key: '/k' } }, 'tls.cert', 'is missing; key needs it'],
    [{}, { tls: { passphrase: 'p' } }, 'tls.passphrase', 'is given without a key that it could be of'],
  ])('%j and %j', (client, work, path, message) => {
    const error = failure(() => parsed(client, work))
    expect(error.code).toBe('ZK_CONFIG_INVALID')
    expect(error.details!.problems).toEqual([{ path, message }])
  })

  test.each(['security.protocol', 'sasl.mechanisms', 'sasl.password', 'ssl.ca.location', 'ssl.key.pem'])(
    'the fields, and %s in additionalProps',
    (name) => {
      const additionalProps = { [name]: 'x' }
      for (const error of [
        failure(() => parsed({ sasl: user, additionalProps })),
        failure(() => parsed({ tls: true }, { additionalProps })),
      ]) {
        expect(error).toMatchObject({ code: 'ZK_CONFIG_CONFLICT' })
        expect(error.message).toContain(name)
      }
      expect(properties({ additionalProps })).toMatchObject(additionalProps)
    },
  )

  test('a mechanism that there is not, and fields that are none', () => {
    const sasl = { mechanism: 'gssapi', pasword: 'hunter2' } as never
    expect(failure(() => parsed({ sasl })).details!.problems).toEqual([
      { path: 'sasl.mechanism', message: expect.stringContaining("is [redacted]; expected 'plain'") },
      { path: 'sasl.pasword', message: 'is not a field; did you mean password?' },
    ])
  })
})

test.each([
  ['sasl as a text', { sasl: 'alice:hunter2' }],
  ['a password that is no text', { sasl: { ...user, password: ['hunter2'] } }],
  ['a token that is no function', { sasl: { token: 'hunter2' } }],
  ['tls as a text', { tls: 'hunter2' }],
  ['a passphrase that is no text', { tls: { passphrase: { of: 'hunter2' } } }],
  ['a field that does not exist', { sasl: user, sassl: 'hunter2' }],
  ['a contradiction', { sasl: user, additionalProps: { 'sasl.password': 'hunter2' } }],
])('the error for %s does not repeat it', (_, client) => {
  const error = failure(() => parsed(client as never))
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2')
  expect(JSON.stringify(error)).not.toContain('hunter2')
})

test('the prefix stands before the group, wherever the group is named', () => {
  const { config, consumer } = parsed({ groupPrefix: 'team' })
  expect(config).toMatchObject({ groupId: 'team.billing', clientId: 'team.billing' })
  expect(consumer).toMatchObject({ 'group.id': 'team.billing' })
})

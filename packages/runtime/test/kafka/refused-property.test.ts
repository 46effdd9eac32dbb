import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, describe, expect, test } from 'vitest'
import { createClient } from '../../src/client.js'
import { refusedProperty } from '../../src/kafka/refused-property.js'

const folder = mkdtempSync(join(tmpdir(), 'refused-'))
afterAll(() => rmSync(folder, { recursive: true }))
const noPem = join(folder, 'ca.pem')
writeFileSync(noPem, 'no PEM')

const logger = pino({ level: 'silent' })
const nowhere = join(folder, 'nowhere.pem')

describe.each(['writer', 'portable writer', 'reader', 'portable reader'] as const)('a %s', (kind) => {
  test.each<[Record<string, string>, string, RegExp]>([
    [
      { 'security.protocol': 'ssl', 'ssl.ca.location': nowhere },
      'ssl.ca.location',
      /^librdkafka refused the property "ssl\.ca\.location": there is no file at \S+nowhere\.pem that can be read\. /,
    ],
    [
      { 'security.protocol': 'ssl', 'ssl.keystore.location': nowhere, 'ssl.keystore.password': 's3cret' },
      'ssl.keystore.location',
      /"ssl\.keystore\.location": there is no file at \S+nowhere\.pem that can be read\. /,
    ],
    [{ 'grop.id': 'x' }, 'grop.id', /refused the property "grop\.id": No such configuration property/],
    [
      { 'statistics.interval.ms': 'abc' },
      'statistics.interval.ms',
      /the property "statistics\.interval\.ms": Invalid value/,
    ],
  ])('names the property, and the path that leads nowhere: %o', async (additionalProps, property, message) => {
    const error = await refusal(kind, additionalProps)
    expect(error).toMatchObject({ code: 'ZK_CONFIG_UNKNOWN_PROPERTY', details: { property } })
    expect(error.message).toMatch(message)
  })

  test.each<Record<string, string>>([
    { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 's3cret', 'sasl.username': 'u', 'sasl.password': 'x' },
    { 'security.protocol': 's3cret' },
    { 'security.protocol': 'ssl', 'ssl.key.pem': 's3cret', 'ssl.endpoint.identification.algorithm': 's3cret' },
  ])('says nothing of what is about security: %o', async (additionalProps) => {
    const error = await refusal(kind, additionalProps)
    expect(error.code).toBe('ZK_CONFIG_UNKNOWN_PROPERTY')
    expect(`${error.message} ${(error.cause as Error).message} ${(error.cause as Error).stack}`).not.toContain('s3cret')
  })
})

test('a file that is there is not what was refused', () => {
  const properties = { 'ssl.ca.location': noPem, 'sasl.kerberos.keytab': noPem }
  const { message } = refusedProperty(new Error('ssl.ca.location failed: no start line'), properties)
  expect(message).toContain('the property "ssl.ca.location": ssl.ca.location failed: no start line')
})

test('words that librdkafka knows stay in its sentences', () => {
  const properties = { 'security.protocol': 'sasl_plaintext', 'sasl.mechanism': 'GSSAPI' }
  const { message } = refusedProperty(new Error('No provider for SASL mechanism GSSAPI'), properties)
  expect(message).toContain('No provider for SASL mechanism GSSAPI')
})

async function refusal(
  kind: `${'portable ' | ''}${'writer' | 'reader'}`,
  additionalProps: Record<string, string>,
): Promise<Error & { code?: string }> {
  const client = createClient({ bootstrapServers: ['127.0.0.1:1'], logger, additionalProps })
  const by = kind.startsWith('portable') ? 'portable' : 'auto'
  const error = await (kind.endsWith('reader')
    ? client.reader({ topic: 't', groupId: 'g', reader: by }).read()
    : client.writer({ topic: 't', producer: by }).write('x')
  ).then(
    () => undefined,
    (reason: unknown) => reason as Error,
  )
  await client.close()
  if (error === undefined) throw new Error('it was not refused')
  return error
}

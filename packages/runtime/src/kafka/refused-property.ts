/**
 * Why librdkafka did not take its properties. It names an OpenSSL error where a file is missing, and node-rdkafka leaves the first
 * words of a sentence out, which may be the name of the property.
 */
import { accessSync, constants } from 'node:fs'
import { isSecret } from '../config/is-secret.js'
import type { Properties } from '../config/properties.js'
import { errors } from '../errors.js'
import type { ZkError } from '../zk-error.js'

/** Their values lead to files; `sasl.oauthbearer.assertion.…file` too. */
const LEADS_TO_A_FILE = /\.location$|\.keytab$|\.file$/
/** librdkafka's own words for places that it looks for itself. */
const NO_FILE = new Set(['probe', '_system', ''])

/** Of what is about who the client is, nothing is told: a password may have been given in the place of anything. */
const ABOUT_SECURITY = /^(sasl|ssl)[._]|^security\.protocol$/

/** @param properties all that librdkafka was given */
export function refusedProperty(error: Error, properties: Properties): ZkError {
  const named = /property:? "([\w.]+)"/.exec(error.message)?.[1]
  const lost = named === undefined ? lostFile(properties) : undefined
  if (lost !== undefined) {
    return errors.ZK_CONFIG_UNKNOWN_PROPERTY(lost.name, `there is no file at ${lost.path} that can be read`)
  }
  const message = withoutValues(error.message, properties)
  // Whoever logs an error logs its cause.
  const cause = message === error.message ? error : Object.assign(new Error(message), { code: codeIn(error) })
  return errors.ZK_CONFIG_UNKNOWN_PROPERTY(named ?? mentioned(message, properties), message, { cause })
}

function codeIn(error: Error): unknown {
  return (error as { code?: unknown }).code
}

function lostFile(properties: Properties): { name: string; path: string } | undefined {
  for (const [name, value] of Object.entries(properties)) {
    if (!LEADS_TO_A_FILE.test(name) || isSecret(name) || typeof value !== 'string' || NO_FILE.has(value)) continue
    if (!isReadable(value)) return { name, path: value }
  }
  return undefined
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

function mentioned(message: string, properties: Properties): string | undefined {
  return Object.keys(properties).find((name) => message.includes(name))
}

function withoutValues(message: string, properties: Properties): string {
  const values = Object.entries(properties)
    .filter(([name]) => (ABOUT_SECURITY.test(name) && !LEADS_TO_A_FILE.test(name)) || isSecret(name))
    .map(([, value]) => String(value))
    .filter((value) => value !== '' && !KNOWN_WORDS.has(value.toLowerCase()))
  return values.reduce((text, value) => text.replaceAll(value, '[redacted]'), message)
}

/** Values that are no secrets, and stand in sentences that are about something else. */
const KNOWN_WORDS = new Set(
  (
    'true false none https plain scram-sha-256 scram-sha-512 oauthbearer gssapi default oidc ' +
    'plaintext ssl sasl_plaintext sasl_ssl'
  ).split(' '),
)

/**
 * Which brokers, and how to them: of a client, with what a work or a writer says otherwise.
 *
 * `sasl` is taken over field by field, as zkafka does with its username and its password; `tls` as a whole, because
 * certificate, key and authority belong together. SASL without a word about TLS is SASL over TLS, as in zkafka.
 */
import { errors } from '../errors.js'
import { formatPath } from './format-path.js'
import type { Problem } from './problems.js'
import type { Sasl, SaslFields } from './sasl.js'
import { isPem, type Tls, type TlsFields } from './tls.js'

export interface Connection {
  bootstrapServers: readonly string[]
  sasl: Sasl | undefined
  tls: Tls | undefined
}

/** As the schemas of clients, works and writers have them. */
export interface ConnectionFields {
  bootstrapServers?: readonly string[] | undefined
  sasl?: SaslFields | undefined
  tls?: TlsFields | undefined
  additionalProps: Readonly<Record<string, string | number | boolean>>
}

type ClientFields = ConnectionFields & { bootstrapServers: readonly string[] }

/** What the fields say; the same again in `additionalProps` would be a second truth. */
const saidByFields: ReadonlySet<string> = new Set([
  'security.protocol',
  'sasl.mechanism',
  'sasl.mechanisms',
  'sasl.username',
  'sasl.password',
  'ssl.ca.location',
  'ssl.ca.pem',
  'ssl.certificate.location',
  'ssl.certificate.pem',
  'ssl.key.location',
  'ssl.key.pem',
  'ssl.key.password',
  'enable.ssl.certificate.verification',
  'ssl.endpoint.identification.algorithm',
])

/** @param own of the work or the writer; the paths of problems are its own */
export function connectionOf(
  client: ClientFields,
  own: ConnectionFields,
): { connection: Connection; problems: Problem[] } {
  const problems: Problem[] = [...twice(client, own)]
  const sasl = saslOf(client.sasl, own.sasl, problems)
  const tls = tlsOf(
    own.tls ?? client.tls ?? (sasl === undefined ? undefined : overTls),
    own.tls !== undefined,
    problems,
  )
  return { connection: { bootstrapServers: own.bootstrapServers ?? client.bootstrapServers, sasl, tls }, problems }
}

const overTls: TlsFields = { enabled: true, verifyCertificate: true, verifyHostname: true }

/** Whether a field says anything about security: then `additionalProps` are not asked. */
function isSaid({ sasl, tls }: ConnectionFields): boolean {
  return sasl !== undefined || tls !== undefined
}

function twice(client: ConnectionFields, own: ConnectionFields): Problem[] {
  if (!isSaid(client) && !isSaid(own)) return []
  const names = Object.keys({ ...client.additionalProps, ...own.additionalProps })
  return names
    .filter((name) => saidByFields.has(name))
    .map((name) => {
      const what = `sasl or tls is given, and ${name} in additionalProps`
      return {
        path: formatPath(['additionalProps', name]),
        message: 'is given together with sasl or tls, which say the same; remove it',
        error: () => errors.ZK_CONFIG_CONFLICT(what, 'Say it by the fields sasl and tls alone.'),
      }
    })
}

function saslOf(client: SaslFields = {}, own: SaslFields = {}, problems: Problem[]): Sasl | undefined {
  const merged = { ...client, ...defined(own) }
  if (Object.keys(merged).length === 0) return undefined
  const mechanism =
    own.mechanism ??
    (own.token === undefined ? undefined : 'oauthbearer') ??
    client.mechanism ??
    defaultMechanism(merged)
  if (mechanism === 'none') return undefined
  const needed = mechanism === 'oauthbearer' ? (['token'] as const) : (['username', 'password'] as const)
  for (const name of ['username', 'password', 'token'] as const) {
    const belongs = (needed as readonly string[]).includes(name)
    if (belongs && merged[name] === undefined) {
      problems.push({ path: `sasl.${name}`, message: `is missing; the mechanism ${mechanism} needs it` })
    } else if (!belongs && own[name] !== undefined) {
      problems.push({
        path: `sasl.${name}`,
        message: `does not go with the mechanism ${mechanism}; give another mechanism`,
      })
    }
  }
  // Incomplete only together with a problem, which is thrown.
  if (mechanism === 'oauthbearer') return { mechanism, token: merged.token! }
  return { mechanism, username: merged.username!, password: merged.password! }
}

function defaultMechanism({ token }: SaslFields) {
  return token === undefined ? 'scram-sha-256' : 'oauthbearer'
}

function tlsOf(given: TlsFields | undefined, isOwn: boolean, problems: Problem[]): Tls | undefined {
  if (given === undefined) return undefined
  const { enabled, ...tls } = given
  if (!enabled) return undefined
  const at = (name: string) => `${isOwn ? '' : "the client's "}tls.${name}`
  if (tls.cert !== undefined && tls.key === undefined)
    problems.push({ path: at('key'), message: 'is missing; cert needs it' })
  if (tls.key !== undefined && tls.cert === undefined)
    problems.push({ path: at('cert'), message: 'is missing; key needs it' })
  if (tls.passphrase !== undefined && tls.key === undefined) {
    problems.push({ path: at('passphrase'), message: 'is given without a key that it could be of' })
  }
  return tls
}

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}

/** For librdkafka, of every kind of client. Without the fields it says nothing, and `additionalProps` may. */
export function connectionProperties({ bootstrapServers, sasl, tls }: Connection): Record<string, string | boolean> {
  return {
    'bootstrap.servers': bootstrapServers.join(','),
    ...((sasl !== undefined || tls !== undefined) && { 'security.protocol': protocolOf(sasl, tls) }),
    ...(sasl !== undefined && saslProperties(sasl)),
    ...(tls !== undefined && tlsProperties(tls)),
  }
}

function protocolOf(sasl: Sasl | undefined, tls: Tls | undefined): string {
  if (sasl === undefined) return 'ssl'
  return tls === undefined ? 'sasl_plaintext' : 'sasl_ssl'
}

function saslProperties(sasl: Sasl): Record<string, string> {
  const mechanism = { 'sasl.mechanism': sasl.mechanism.toUpperCase() }
  // The token is no property: each client is given it, and every new one (`kafka/credentials.ts`).
  if (sasl.mechanism === 'oauthbearer') return mechanism
  return { ...mechanism, 'sasl.username': sasl.username, 'sasl.password': sasl.password }
}

function tlsProperties({
  ca,
  cert,
  key,
  passphrase,
  verifyCertificate,
  verifyHostname,
}: Tls): Record<string, string | boolean> {
  return {
    ...pathOrPem('ssl.ca', ca),
    ...pathOrPem('ssl.certificate', cert),
    ...pathOrPem('ssl.key', key),
    ...(passphrase !== undefined && { 'ssl.key.password': passphrase }),
    'enable.ssl.certificate.verification': verifyCertificate,
    // librdkafka checks names against certificates that it does not look at otherwise.
    'ssl.endpoint.identification.algorithm': verifyCertificate && verifyHostname ? 'https' : 'none',
  }
}

function pathOrPem(name: string, given: string | undefined): Record<string, string> {
  if (given === undefined) return {}
  return { [`${name}.${isPem(given) ? 'pem' : 'location'}`]: given }
}

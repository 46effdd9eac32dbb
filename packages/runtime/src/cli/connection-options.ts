/**
 * Where the brokers are and who this is to them, for every command that connects. A flag wins over the file of `--config`, and the
 * environment's secrets over both; there is no flag for a secret, because the list of processes shows flags.
 */
import { type Command, Option } from 'commander'
import type { ClientInput } from '../config/client-config.js'
import type { TokenCallback } from '../config/sasl.js'
import { errors } from '../errors.js'
import { type Fields, type FileConfig, readConfigFile } from './config-file.js'
import { list, property } from './options.js'

export interface ConnectionFlags {
  config?: string
  brokers?: string[]
  sasl?: string
  tls?: boolean
  tlsCa?: string
  tlsCert?: string
  tlsKey?: string
  prop?: Record<string, string>
}

export function withConnectionOptions(command: Command): Command {
  return command
    .option(
      '--config <file>',
      'fields of the work and its client, as .json or as the default export of .js or .ts; flags win',
    )
    .option('--brokers <list>', 'bootstrap servers, host:port, comma-separated', list)
    .addOption(
      new Option('--sasl <mechanism>', 'how to log in; the secrets are taken from the environment, see below').choices([
        'plain',
        'scram-sha-256',
        'scram-sha-512',
        'oauthbearer',
        'none',
      ]),
    )
    .option('--tls', 'encrypt connections; with SASL they are, unless --no-tls is given')
    .option('--no-tls', 'do not encrypt connections')
    .option('--tls-ca <file>', 'certificates of the authorities to trust, PEM')
    .option('--tls-cert <file>', 'certificate of this client, PEM')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--prop <key=value>', 'librdkafka property, such as socket.timeout.ms; may be repeated', property)
    .addHelpText(
      'after',
      `
Secrets come from the environment, and win over those of --config: ZK_SASL_USERNAME, ZK_SASL_PASSWORD, ZK_SASL_TOKEN,
ZK_TLS_PASSPHRASE. With a username the mechanism is scram-sha-256, with a token oauthbearer, unless --sasl or the file has another.`,
    )
}

/** What is given by file, flags and environment; not checked yet. @throws ZkError ZK_CONFIG_FILE, ZK_CLI_USAGE */
export async function givenConnection(
  flags: ConnectionFlags,
  help: string,
): Promise<FileConfig & { client: ClientInput }> {
  const { client, work } = flags.config === undefined ? { client: {}, work: {} } : await readConfigFile(flags.config)
  const bootstrapServers = flags.brokers ?? client.bootstrapServers
  if (bootstrapServers === undefined) throw missing('--brokers <list>', 'bootstrapServers', flags, help)
  const given = { ...client, bootstrapServers, ...saslOf(flags, client), ...tlsOf(flags, client) }
  const additionalProps = isFields(work.additionalProps)
    ? { ...work.additionalProps, ...flags.prop }
    : (work.additionalProps ?? flags.prop)
  return {
    client: given as unknown as ClientInput & Fields,
    work: { ...work, ...(additionalProps !== undefined && { additionalProps }) },
  }
}

/** What neither a flag nor the file gave. */
export function missing(flag: string, field: string, { config }: ConnectionFlags, help: string): Error {
  const where = config === undefined ? '' : `, and ${config} has no ${field}`
  return errors.ZK_CLI_USAGE(`required option '${flag}' not specified${where}`, help)
}

function saslOf({ sasl: mechanism }: ConnectionFlags, { sasl: inFile }: Fields): Fields {
  const { ZK_SASL_USERNAME: username, ZK_SASL_PASSWORD: password, ZK_SASL_TOKEN: value } = process.env
  // What is wrong in the file is told by its check.
  if (inFile !== undefined && inFile !== false && !isFields(inFile)) return {}
  if (mechanism === 'none' || (inFile === false && mechanism === undefined)) return { sasl: false }
  const token: TokenCallback | undefined = value ? () => ({ value }) : undefined
  const given = {
    ...(inFile === false ? {} : inFile),
    ...(mechanism && { mechanism }),
    ...(username && { username }),
    ...(password && { password }),
    ...(token && { token }),
  }
  return Object.keys(given).length === 0 ? {} : { sasl: given }
}

function tlsOf(
  { tls: isWanted, tlsCa: ca, tlsCert: cert, tlsKey: key }: ConnectionFlags,
  { tls: inFile }: Fields,
): Fields {
  const { ZK_TLS_PASSPHRASE: passphrase } = process.env
  if (isWanted === false) return { tls: false }
  const own = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), ...(passphrase && { passphrase }) }
  if (Object.keys(own).length > 0) return { tls: { ...(isFields(inFile) ? inFile : {}), ...own } }
  return isWanted ? { tls: isFields(inFile) ? { ...inFile, enabled: true } : true } : {}
}

function isFields(given: unknown): given is Fields {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

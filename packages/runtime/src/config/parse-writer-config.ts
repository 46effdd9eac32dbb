/** From what `client.writer` was given to a checked configuration, or to one error that lists all that is wrong with it. */
import { errors } from '../errors.js'
import type { ClientConfig } from './client-config.js'
import { connectionOf } from './connection.js'
import { formatPath } from './format-path.js'
import { NO_HOOKS } from './hooks.js'
import { parse, problemsError, show } from './problems.js'
import { type WriterConfig, writerSchema } from './writer-config.js'

/** @throws ZkError ZK_CONFIG_INVALID, ZK_CONFIG_CONFLICT, or a more exact error when that is the only problem */
export function parseWriterConfig(input: unknown, client: ClientConfig): WriterConfig {
  const { value, problems } = parse(writerSchema, input)
  if (value === undefined) throw problemsError('writer configuration', problems)
  const { connection, problems: ofConnection } = connectionOf(client, value)
  problems.push(...ofConnection)
  const config: WriterConfig = {
    ...value,
    ...connection,
    clientId: value.clientId ?? client.clientId ?? 'zk',
    hooks: value.hooks ?? client.hooks ?? NO_HOOKS,
    tracer: value.tracer ?? client.tracer ?? false,
    propagator: value.propagator ?? client.propagator ?? true,
  }
  for (const [field, names] of ofTheClient) {
    // What the writer says itself goes before what is said for all of the client's.
    const name = names.find((one) => client.additionalProps[one] !== undefined)
    if (name === undefined || (input as Record<string, unknown>)[field] !== undefined) continue
    const given = client.additionalProps[name]!
    const result = writerSchema.shape[field].safeParse(readAs(typeof config[field], given))
    if (result.success) Object.assign(config, { [field]: result.data })
    else {
      const { expected } = writerSchema.shape[field].meta() as { expected: string }
      const path = `the client's ${formatPath(['additionalProps', name])}`
      problems.push({ path, message: `is ${show(given)}; expected ${expected}` })
    }
  }
  if (problems.length > 0) throw problemsError('writer configuration', problems)
  refuseContradictions(config)
  return config
}

/** Fields that a client's `additionalProps` may set for all of its writers, by librdkafka's names for them. */
const ofTheClient = [
  ['deliveryTimeoutMs', ['delivery.timeout.ms', 'message.timeout.ms']],
  ['lingerMs', ['linger.ms', 'queue.buffering.max.ms']],
  ['nagleDisable', ['socket.nagle.disable']],
  ['partitioner', ['partitioner']],
] as const satisfies readonly (readonly [keyof WriterConfig, readonly string[]])[]

/** librdkafka takes numbers and booleans as texts too. */
function readAs(type: string, given: string | number | boolean): unknown {
  if (type === 'number' && typeof given === 'string') return given.trim() === '' ? given : Number(given)
  if (type === 'boolean' && (given === 'true' || given === 'false')) return given === 'true'
  return given
}

function refuseContradictions(config: WriterConfig): void {
  const { requestRequiredAcks, enableIdempotence, transaction, lingerMs, deliveryTimeoutMs } = config
  if (lingerMs >= deliveryTimeoutMs) {
    throw errors.ZK_CONFIG_CONFLICT(
      `lingerMs (${lingerMs} ms) must be less than deliveryTimeoutMs (${deliveryTimeoutMs} ms)`,
      'Change one of them: a record would be given up before it is sent.',
    )
  }
  const isFewer = requestRequiredAcks === '0' || requestRequiredAcks === '1'
  if (transaction && (isFewer || !enableIdempotence)) {
    const other = isFewer ? `requestRequiredAcks '${requestRequiredAcks}'` : 'enableIdempotence false'
    throw errors.ZK_CONFIG_CONFLICT(
      `transaction means that records are written once and acknowledged by all replicas in sync, and ${other} that they are not`,
      'Remove one of them.',
    )
  }
  if (isFewer && enableIdempotence) {
    throw errors.ZK_CONFIG_CONFLICT(
      `requestRequiredAcks is '${requestRequiredAcks}', and an idempotent writer needs the acknowledgement of all replicas in sync`,
      'Remove it, or set enableIdempotence to false: then a retry may write a record twice.',
    )
  }
}

/** librdkafka's errors as errors of the runtime. */
import type { LibrdKafkaError } from 'node-rdkafka'
import { errors } from '../errors.js'
import type { ZkError } from '../zk-error.js'

/** ERR__FATAL and ERR_FENCED_INSTANCE_ID. */
const FATAL = new Set([-150, 82])
/** ERR__AUTHENTICATION, and the broker's authorization failures for topic, group and cluster, and bad SASL. */
const REFUSED = new Set([-169, 29, 30, 31, 58])

/** UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, and a consumer that is closing: no other try can succeed. */
const HOPELESS = new Set([25, 82, -172])

/** Whether the error of a commit, by its cause, will be the same however often it is tried. */
export function isHopeless(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as { code?: number } | undefined) : undefined
  return cause?.code !== undefined && HOPELESS.has(cause.code)
}

export function isFatal(error: LibrdKafkaError): boolean {
  return FATAL.has(error.code) || error.isFatal === true
}

export function brokerError(bootstrapServers: readonly string[], error: LibrdKafkaError | Error): ZkError {
  const code = 'code' in error ? Number(error.code) : undefined
  if (code !== undefined && REFUSED.has(code)) return errors.ZK_BROKER_AUTH(error.message, { cause: error })
  return errors.ZK_BROKER_UNREACHABLE(bootstrapServers, error.message, { cause: error })
}

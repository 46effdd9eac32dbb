/** librdkafka's errors as errors of the runtime. */
import type { LibrdKafkaError } from 'node-rdkafka'
import type { Properties } from '../config/properties.js'
import { errors } from '../errors.js'
import type { ZkError } from '../zk-error.js'
import {
  ERR__AUTO_OFFSET_RESET,
  ERR_FENCED_INSTANCE_ID,
  ERR_UNRELEASED_INSTANCE_ID,
  FATAL,
  GROUP_REFUSED,
  HOPELESS,
  OF_REBALANCE,
  REFUSED,
  UNREACHABLE,
} from './error-codes.js'
import type { Refusal } from './refusal.js'
import { refusedProperty } from './refused-property.js'

/** Whether the error of a commit, by its cause, will be the same however often it is tried. */
export function isHopeless(error: unknown): boolean {
  return isCausedBy(error, HOPELESS)
}

/** Whether a commit was refused because the group is changing: one in the new generation succeeds. */
export function isOfRebalance(error: unknown): boolean {
  return isCausedBy(error, OF_REBALANCE)
}

function isCausedBy(error: unknown, codes: ReadonlySet<number>): boolean {
  const cause = error instanceof Error ? (error.cause as { code?: number } | undefined) : undefined
  return cause?.code !== undefined && codes.has(cause.code)
}

/** Errors that stay until somebody does something: going on would only wait for ever. */
export function standingError(code: number, message: string): ZkError | undefined {
  // With autoOffsetReset 'error': there is no offset to begin at.
  if (code === ERR__AUTO_OFFSET_RESET) return errors.ZK_OFFSET_UNAVAILABLE(message)
  if (GROUP_REFUSED.has(code)) return errors.ZK_GROUP_REFUSED(message)
  return REFUSED.has(code) ? errors.ZK_BROKER_AUTH(message) : undefined
}

/**
 * Why a client could not be made: its brokers, or its configuration, which librdkafka checks only then. Codes alone do
 * not tell: node-rdkafka gives a refused property and a lost connection the same one.
 *
 * @param properties that librdkafka was given
 * @param last the last error that the client met on the way; none when there was no client to meet one
 */
export function connectError(
  bootstrapServers: readonly string[],
  error: LibrdKafkaError | Refusal,
  properties: Properties,
  last: LibrdKafkaError | null,
): ZkError {
  if (REFUSED.has(error.code)) return brokerError(bootstrapServers, error)
  if (last !== null || UNREACHABLE.has(error.code)) return brokerError(bootstrapServers, last ?? error)
  return refusedProperty(error as Error, properties)
}

export function isFatal(error: LibrdKafkaError): boolean {
  return FATAL.has(error.code) || error.isFatal === true
}

/**
 * What ended the client. One of the two ways on which it is told of has only "fatal" for a code, and the cause in words.
 *
 * @param member the static member's name
 */
export function fatalError(code: number, message: string, member: string): ZkError {
  // Of two static members of one name the classic protocol ends the older, and KIP-848 the one that comes second.
  const isTaken = code === ERR_FENCED_INSTANCE_ID || code === ERR_UNRELEASED_INSTANCE_ID
  if (isTaken || /fenced|instance ID is still used/i.test(message)) return errors.ZK_FENCED(member)
  if (/not supported|fatal error: .*maximum size/i.test(message)) return errors.ZK_GROUP_REFUSED(message)
  return errors.ZK_BROKER_FATAL(`${message} (${code})`)
}

export function brokerError(bootstrapServers: readonly string[], error: LibrdKafkaError | Error): ZkError {
  const code = 'code' in error ? Number(error.code) : undefined
  if (code !== undefined && REFUSED.has(code)) return errors.ZK_BROKER_AUTH(error.message, { cause: error })
  return errors.ZK_BROKER_UNREACHABLE(bootstrapServers, error.message, { cause: error })
}

/** librdkafka's error codes, in the groups that the runtime tells apart. */
import Kafka from 'node-rdkafka'

const { ERRORS } = Kafka.CODES

/** librdkafka goes on trying by itself; a broker that restarts causes these on every client. */
export const PASSING: ReadonlySet<number> = new Set([
  ERRORS.ERR__TRANSPORT,
  ERRORS.ERR__RESOLVE,
  ERRORS.ERR__ALL_BROKERS_DOWN,
  ERRORS.ERR__TIMED_OUT,
])

/** librdkafka's words for an error, as node-rdkafka has them: in small letters and without their origin. */
const IN_WORDS: Readonly<Record<string, number>> = {
  'all broker connections are down': ERRORS.ERR__ALL_BROKERS_DOWN,
  'broker transport failure': ERRORS.ERR__TRANSPORT,
  'fatal error': ERRORS.ERR__FATAL,
  'host resolution failure': ERRORS.ERR__RESOLVE,
  'message size too large': ERRORS.ERR_MSG_SIZE_TOO_LARGE,
  'timed out': ERRORS.ERR__TIMED_OUT,
}

/** @returns the code of an error of which node-rdkafka tells only words, then mostly with -1; undefined where nobody acts on it */
export function codeOf({ code, message }: { code?: number | undefined; message: string }): number | undefined {
  return code === undefined || code === ERRORS.ERR_UNKNOWN ? (IN_WORDS[message] ?? code) : code
}

export const UNREACHABLE: ReadonlySet<number> = new Set([...PASSING, ERRORS.ERR_LEADER_NOT_AVAILABLE])

/** By its credentials. */
export const UNAUTHENTICATED: ReadonlySet<number> = new Set([
  ERRORS.ERR__AUTHENTICATION,
  ERRORS.ERR_SASL_AUTHENTICATION_FAILED,
])

/** By its credentials or its rights. */
export const REFUSED: ReadonlySet<number> = new Set([
  ...UNAUTHENTICATED,
  ERRORS.ERR_TOPIC_AUTHORIZATION_FAILED,
  ERRORS.ERR_GROUP_AUTHORIZATION_FAILED,
  ERRORS.ERR_CLUSTER_AUTHORIZATION_FAILED,
])

/** By the group's coordinator, when it joins: as long as neither its configuration nor the group changes. */
export const GROUP_REFUSED: ReadonlySet<number> = new Set([
  ERRORS.ERR_INCONSISTENT_GROUP_PROTOCOL,
  ERRORS.ERR_INVALID_GROUP_ID,
  ERRORS.ERR_INVALID_SESSION_TIMEOUT,
  ERRORS.ERR_GROUP_MAX_SIZE_REACHED,
  ERRORS.ERR_UNSUPPORTED_ASSIGNOR,
])

/** The client is of no use any more. */
export const FATAL: ReadonlySet<number> = new Set([ERRORS.ERR__FATAL, ERRORS.ERR_FENCED_INSTANCE_ID])

/** Of a commit: the member is out of its group, or its client is closing, and no other try can succeed. */
export const HOPELESS: ReadonlySet<number> = new Set([...FATAL, ERRORS.ERR_UNKNOWN_MEMBER_ID, ERRORS.ERR__STATE])

/** Of a commit: the group is changing. */
export const OF_REBALANCE: ReadonlySet<number> = new Set([
  ERRORS.ERR_REBALANCE_IN_PROGRESS,
  ERRORS.ERR_ILLEGAL_GENERATION,
])

/** Of a topic in a commit: no other try can succeed, and the other topics are committed. */
export const TOPIC_REFUSED: ReadonlySet<number> = new Set([
  ERRORS.ERR_UNKNOWN_TOPIC_OR_PART,
  ERRORS.ERR_TOPIC_AUTHORIZATION_FAILED,
])

/** Of a record that was to be written: the same record would be refused again, as long as nobody changes the topic or the rights. */
export const RECORD_REFUSED: ReadonlySet<number> = new Set([
  ERRORS.ERR__INVALID_ARG,
  ERRORS.ERR__UNKNOWN_PARTITION,
  ERRORS.ERR__BAD_COMPRESSION,
  ERRORS.ERR_INVALID_MSG,
  ERRORS.ERR_MSG_SIZE_TOO_LARGE,
  ERRORS.ERR_RECORD_LIST_TOO_LARGE,
  ERRORS.ERR_INVALID_TIMESTAMP,
  ERRORS.ERR_INVALID_RECORD,
  ERRORS.ERR_POLICY_VIOLATION,
  ERRORS.ERR_UNSUPPORTED_COMPRESSION_TYPE,
  ERRORS.ERR_TOPIC_AUTHORIZATION_FAILED,
  ERRORS.ERR_CLUSTER_AUTHORIZATION_FAILED,
])

export const {
  ERR__ALL_BROKERS_DOWN,
  ERR__ASSIGN_PARTITIONS,
  ERR__AUTHENTICATION,
  ERR__AUTO_OFFSET_RESET,
  ERR__FATAL,
  ERR__INVALID_ARG,
  ERR__MSG_TIMED_OUT,
  ERR__PURGE_QUEUE,
  ERR__QUEUE_FULL,
  ERR__STATE,
  ERR__TIMED_OUT,
  ERR__TRANSPORT,
  ERR_FENCED_INSTANCE_ID,
  ERR_MSG_SIZE_TOO_LARGE,
  ERR_OFFSET_METADATA_TOO_LARGE,
  ERR_UNKNOWN_TOPIC_OR_PART,
  ERR_UNRELEASED_INSTANCE_ID,
} = ERRORS

/** Of a record, or of the batch that it was sent in: the topic, or the client, takes nothing so large. */
export function isTooLarge(code: number): boolean {
  return code === ERR_MSG_SIZE_TOO_LARGE || code === ERRORS.ERR_RECORD_LIST_TOO_LARGE
}

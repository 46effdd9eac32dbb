/**
 * Why a broker does not let a client in, in librdkafka's words.
 *
 * node-rdkafka's `event.error` has neither a code nor a reason (`authentication failure`), and comes when the client is closed. The
 * log line has the reason, and comes at once.
 */
import { ERR__AUTHENTICATION } from './error-codes.js'
import type { LibrdkafkaLogEvent } from './librdkafka-log.js'

export interface Refusal extends Error {
  code: number
}

/** Of syslog: errors and worse. */
const ERROR = 3

/**
 * @returns undefined for every other line. A connection that was cut while it was let in is none: brokers that start do that.
 */
export function refusalIn({ severity, fac, message }: LibrdkafkaLogEvent): Refusal | undefined {
  if (fac !== 'FAIL' || severity > ERROR) return undefined
  // `[thrd:sasl_ssl://host:9093/1]: sasl_ssl://host:9093/1: reason (after 5ms in state AUTH_REQ)`
  const reason = message
    .replace(/^\[thrd:.*?\]: /, '')
    .replace(/^\S+: /, '')
    .replace(/ \(after \d+ms in state [^)]*\)$/, '')
  if (!/SASL|authenticat|SSL handshake|SSL routines/i.test(reason) || /disconnected/i.test(reason)) return undefined
  return Object.assign(new Error(reason), { code: ERR__AUTHENTICATION })
}

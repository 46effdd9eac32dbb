import type { BlockedRecord } from './summary.js'

/** As errors name it. */
export function blockedText({ topic, partition, offset, key }: BlockedRecord): string {
  return `${topic}[${partition}]@${offset} key ${key}`
}

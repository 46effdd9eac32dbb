/**
 * A dead letter as the record that goes back to work.
 *
 * Key, value and the record's own headers are as they were; what the dead letter added is gone. `zk.replayed.from` says
 * where it was taken from, `zk.replayed.count` how often that happened: these are kept when it fails again, so that a record
 * that goes round in circles shows. It goes to the partition it came from, because this client may place its key elsewhere than
 * whoever produced it, and the records of a key belong into one partition; to another topic the partitioner decides.
 *
 * Its timestamp is that of the replay, unless the original one is asked for: a topic forgets records by their time, and might
 * forget an old one before it is read. The original time is in `zk.replayed.timestamp` then.
 */
import type { RecordToSend } from '../kafka/producer-client.js'
import type { HeaderList } from './dead-letter.js'
import { isOfDeadLetter, replayed } from './header-names.js'
import type { FoundLetter } from './letter-filter.js'

export interface ReplayTarget {
  /** Undefined: where it came from. */
  to: string | undefined
  timestamp: 'now' | 'original'
  /** Partitions of the topics that are there. */
  partitions: ReadonlyMap<string, number>
  /** The dead letter topic. */
  from: string
}

export type Replay =
  | { readonly record: RecordToSend; readonly count: number; readonly why?: never }
  /** It cannot be replayed. */
  | { readonly why: string; readonly record?: never }

export function replayOf({ record, parsed }: FoundLetter, { to, timestamp, partitions, from }: ReplayTarget): Replay {
  if (parsed.valueDropped !== undefined) {
    return { why: `its value (${parsed.valueDropped} bytes) was too large for the dead letter topic and is not there` }
  }
  if (parsed.headersDropped !== undefined) {
    return {
      why: `its headers (${parsed.headersDropped}) were left off when it became a dead letter and are not there`,
    }
  }
  const topic = to ?? parsed.origin?.topic
  if (topic === undefined) return { why: 'its headers do not say where it came from: give --to' }
  if (topic === from) return { why: 'it came from this dead letter topic itself: give --to' }
  const count = partitions.get(topic)
  if (count === undefined) return { why: `topic ${topic} is not there, or this client may not see it` }
  const partition = to === undefined || to === parsed.origin?.topic ? (parsed.origin?.partition ?? -1) : -1
  if (partition >= count) return { why: `topic ${topic} has no partition ${partition} any more: give --to` }
  const before = timesReplayed(record.headers)
  const own = record.headers.filter(
    ([name]) => !isOfDeadLetter(name) && !Object.values<string>(replayed).includes(name),
  )
  const added: [string, Buffer][] = [
    [replayed.from, Buffer.from(`${from}[${record.partition}]@${record.offset}`)],
    [replayed.count, Buffer.from(`${before + 1}`)],
  ]
  if (timestamp === 'now' && record.timestamp >= 0) {
    added.push([replayed.timestamp, Buffer.from(`${record.timestamp}`)])
  }
  return {
    record: {
      ...{ topic, partition, key: record.key, value: record.value },
      headers: [...own, ...added],
      timestamp: timestamp === 'now' ? -1 : record.timestamp,
    },
    count: before,
  }
}

/** How often it was replayed before. */
export function timesReplayed(headers: HeaderList): number {
  const value = headers.findLast(([name]) => name === replayed.count)?.[1]?.toString() ?? ''
  return /^\d{1,9}$/.test(value) ? Number(value) : 0
}

/** node-rdkafka's clients, connecting and disconnecting as promises. */
import type { Client, LibrdKafkaError, Metadata } from 'node-rdkafka'
import type { LibrdkafkaLogEvent } from './librdkafka-log.js'
import { type Refusal, refusalIn } from './refusal.js'

/** What a client of any kind has to offer here. */
type Connects = Pick<Client<never>, 'connect' | 'disconnect' | 'on' | 'off'>

/**
 * A client that is refused goes on trying, because another broker might take it, or know of a new user a moment later. Longer
 * than this nobody waits for that.
 */
const REFUSED_MS = 2_000

/**
 * @param timeoutMs for the first answer of a broker
 * @returns the cluster's brokers and topics, all of them: node-rdkafka's connect is made so
 * @throws LibrdKafkaError, or a Refusal
 */
export async function connected(client: Connects, timeoutMs: number): Promise<Metadata> {
  let refusal: Refusal | undefined
  let patience: NodeJS.Timeout | undefined
  let hear: (event: LibrdkafkaLogEvent) => void = () => {}
  try {
    return await new Promise((resolve, reject) => {
      // Errors are told when somebody polls, which nobody does yet. Log lines come by themselves.
      hear = (event) => {
        refusal ??= refusalIn(event)
        if (refusal !== undefined) patience ??= setTimeout(reject, REFUSED_MS, refusal)
      }
      client.on('event.log' as never, hear as never)
      client.connect({ timeout: timeoutMs }, (error: LibrdKafkaError | null, metadata) =>
        error ? reject(refusal ?? error) : resolve(metadata),
      )
    })
  } finally {
    clearTimeout(patience)
    client.off('event.log' as never, hear as never)
  }
}

export function disconnected(client: Connects): Promise<void> {
  return new Promise((resolve) => {
    client.disconnect(() => resolve())
  })
}

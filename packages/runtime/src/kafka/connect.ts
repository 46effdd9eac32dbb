/** node-rdkafka's clients, connecting and disconnecting as promises. */
import type { Client, LibrdKafkaError, Metadata } from 'node-rdkafka'
import { ERR__TIMED_OUT, ERR__TRANSPORT } from './error-codes.js'
import type { LibrdkafkaLogEvent } from './librdkafka-log.js'
import { atNextMetadata } from './metadata.js'
import { type Refusal, refusalIn } from './refusal.js'

/** What a client of any kind has to offer here. */
type Connects = Pick<Client<never>, 'connect' | 'disconnect' | 'getMetadata' | 'on' | 'off'>

/**
 * A client that is refused goes on trying, because another broker might take it, or know of a new user a moment later. Longer
 * than this nobody waits for that.
 */
const REFUSED_MS = 2_000
/** librdkafka waits for a first broker on a thread of libuv's pool, and the process for that thread: so it is asked in slices. */
const SLICE_MS = 1_000
/** There was no broker to ask yet, or it had no more time to answer. */
const AGAIN: ReadonlySet<number> = new Set([ERR__TRANSPORT, ERR__TIMED_OUT])

/**
 * @param timeoutMs for the first answer of a broker
 * @param isClosing nobody waits for the answer any more: no more than a second goes by until it is given up
 * @returns the cluster's brokers and topics, all of them: node-rdkafka's connect is made so
 * @throws LibrdKafkaError, or a Refusal
 */
export async function connected(
  client: Connects,
  timeoutMs: number,
  isClosing: () => boolean = () => false,
): Promise<Metadata> {
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
      askInSlices(client, isClosing)
      client.connect({ timeout: timeoutMs }, (error: LibrdKafkaError | null, metadata) =>
        error ? reject(refusal ?? error) : resolve(metadata),
      )
    })
  } finally {
    clearTimeout(patience)
    client.off('event.log' as never, hear as never)
  }
}

/**
 * What node-rdkafka's `connect` asks for. As long as there is no broker to ask, librdkafka says so when a slice is over, and the next
 * begins; a broker that is there has all of the time for its answer.
 */
function askInSlices(client: Connects, isClosing: () => boolean): void {
  atNextMetadata(client, ({ timeout: timeoutMs = SLICE_MS }, done) => {
    const until = performance.now() + timeoutMs
    const ask = (timeout: number): void => {
      client.getMetadata({ timeout }, (error, metadata) => {
        const leftMs = until - performance.now()
        if (!error || !AGAIN.has(error.code) || leftMs < 1 || isClosing()) done(error, metadata)
        else ask(Math.ceil(error.code === ERR__TRANSPORT ? Math.min(SLICE_MS, leftMs) : leftMs))
      })
    }
    ask(Math.min(SLICE_MS, timeoutMs))
  })
}

export function disconnected(client: Connects): Promise<void> {
  return new Promise((resolve) => {
    client.disconnect(() => resolve())
  })
}

/** A producer client on the addon: keeps every byte, wakes the main thread when there are reports, never polls. */
import type { Properties } from '../config/properties.js'
import type { Credentials } from './credentials.js'
import type { Native } from './open-reader.js'
import { encodeHeaders } from './packed-batch.js'
import type { ProducerClient, ProducerClientListener } from './producer-client.js'
import { refusedProperty } from './refused-property.js'

const PERHAPS_WRITTEN = 1

/** @throws ZkError ZK_CONFIG_UNKNOWN_PROPERTY */
export function openNativeProducer(
  native: Native,
  properties: Properties,
  listener: ProducerClientListener,
  credentials?: Credentials,
): ProducerClient {
  const take = () => {
    const taken = producer.take()
    if (taken === undefined) return
    const { tokens, codes, statuses, partitions, offsets } = taken
    for (let i = 0; i < tokens.length; i++) {
      listener.reported(tokens[i]!, codes[i]!, statuses[i] === PERHAPS_WRITTEN, partitions[i]!, offsets[i]!)
    }
    for (const event of taken.events) {
      if (event.type === 'log') {
        listener.log({ severity: event.severity, fac: event.facility, message: event.message })
      } else if (event.fatal) listener.failed(event.message)
      else listener.erred(event)
    }
    listener.reportedAll()
  }
  const producer = opened(native, properties, take)
  const detach = credentials?.attach(producer) ?? (() => {})
  return {
    // Otherwise it would not have been opened.
    made: Promise.resolve(),
    send: ({ topic, partition, key, value, headers, timestamp }, token) => {
      const packed = headers.length === 0 ? undefined : encodeHeaders(headers)
      return producer.send(topic, partition, key, value, packed, Math.max(timestamp, 0), token)
    },
    purge: () => producer.purge(),
    close: () => {
      detach()
      return producer.close()
    },
  }
}

function opened(native: Native, properties: Properties, take: () => void) {
  try {
    return native.openProducer(properties, take)
  } catch (error) {
    throw refusedProperty(error as Error, properties)
  }
}

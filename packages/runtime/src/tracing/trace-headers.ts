/** How a propagator reads the headers of a record, and writes those of another. */
import type { HeaderPairs } from '../hooks/added-headers.js'
import type { HeaderGetter, HeaderSetter } from './otel.js'

type Pairs = Iterable<readonly [name: string, value: Uint8Array | null]>

/**
 * For `propagation.extract(context, message.headers, headerGetter)`: the headers of a message, as text. Of a repeated name the
 * last counts, as with Kafka's own clients. It cannot change them.
 */
export const headerGetter: HeaderGetter = {
  get(carrier, name) {
    let found: Uint8Array | null = null
    for (const [one, value] of carrier as Pairs) if (one === name) found = value
    return found === null ? undefined : Buffer.from(found.buffer, found.byteOffset, found.length).toString()
  },
  keys(carrier) {
    return [...new Set(Array.from(carrier as Pairs, ([name]) => name))]
  },
}

/** Into a list of pairs, in the place of those of the same name. */
const headerSetter: HeaderSetter = {
  set(carrier, name, value) {
    const pairs = carrier as [string, Buffer][]
    const others = pairs.filter(([one]) => one !== name)
    pairs.splice(0, pairs.length, ...others, [name, Buffer.from(value)])
  },
}

/** What `inject` writes. */
export function writtenBy(inject: (carrier: unknown, setter: HeaderSetter) => void): HeaderPairs {
  const pairs: [string, Buffer][] = []
  inject(pairs, headerSetter)
  return pairs
}

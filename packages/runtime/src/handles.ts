/**
 * The readers or writers of a client, by their names: who asks for the same one again gets it, and one that was closed is made
 * anew. Another configuration under the same name is a mistake, and not the reader or writer that was asked for first.
 */
import { isDeepStrictEqual } from 'node:util'
import { errors } from './errors.js'

interface Handle {
  readonly isClosed: boolean
  close(): Promise<void>
}

/** Where it logs makes no other reader of it. */
const IGNORED = 'logger'
/** Things with functions: two that look the same may do different things. */
const BY_IDENTITY: readonly string[] = ['format', 'hooks', 'tracer', 'propagator']

export class Handles<Config extends object, One extends Handle> {
  readonly #kind: string
  readonly #known = new Map<string, { config: Config; handle: One }>()

  /** @param kind what they are, for errors */
  constructor(kind: string) {
    this.#kind = kind
  }

  /** @throws ZkError ZK_CONFIG_CONFLICT */
  get(name: string, config: Config, make: () => One): One {
    const known = this.#known.get(name)
    if (known !== undefined && !known.handle.isClosed) {
      const different = differences(known.config, config)
      if (different.length === 0) return known.handle
      throw errors.ZK_CONFIG_CONFLICT(
        `the client has the ${this.#kind} ${name} already, with another ${different.join(', ')}`,
        `Give each its own clientId, or close the first one before${onceOf(different)}.`,
      )
    }
    const handle = make()
    this.#known.set(name, { config, handle })
    return handle
  }

  /** @throws what one of them could not do, when all are closed */
  close(): Promise<void> {
    return closeAll([...this.#known.values()].map(({ handle }) => handle))
  }
}

/**
 * What one of them cannot do keeps no other from closing.
 *
 * @throws what one of them could not do, when all are closed; of several an AggregateError
 */
export async function closeAll(all: Iterable<{ close(): Promise<void> }>): Promise<void> {
  const closed = await Promise.allSettled([...all].map((one) => one.close()))
  const failures = closed.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('; '))
  if (failures.length === 1) throw failures[0]
}

function onceOf(different: readonly string[]): string {
  const things = different
    .filter((field) => BY_IDENTITY.includes(field))
    .map((field) => `a ${field}`.replace('a hooks', 'hooks'))
  return things.length === 0 ? '' : `; make ${things.join(', ')} once, and not for each call`
}

function differences<Config extends object>(one: Config, other: Config): string[] {
  const fields = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...fields].filter((field) => {
    if (field === IGNORED) return false
    const [a, b] = [one, other].map((config) => (config as Record<string, unknown>)[field])
    return BY_IDENTITY.includes(field) ? a !== b : !isDeepStrictEqual(a, b)
  })
}

/**
 * What must be done before a consumer disconnects, whoever disconnects it.
 *
 * node-rdkafka frees its handle on a pool thread some time after disconnect() was called, and tells nobody when. An
 * answer that is still waited for, or a queue that is still held, would at best make it wait forever. So `disconnect`
 * of the client is hidden behind an own property: it first lets go of everything, then calls the real one.
 */
import { addon, type Client } from './binding.js'

interface Disconnectable {
  disconnect: (...args: unknown[]) => unknown
}

class Guard {
  readonly #client: Client
  readonly #calls = new Set<Promise<void>>()
  /** Set by the open reader; ends it at once. */
  closeReader: (() => void) | undefined

  constructor(client: Client) {
    this.#client = client
    const guarded = client as Disconnectable
    const { disconnect } = guarded
    guarded.disconnect = (...args) => {
      this.closeReader?.()
      if (this.#calls.size === 0) return disconnect.apply(client, args)
      addon.cancelCalls(client)
      void Promise.all(this.#calls).then(() => disconnect.apply(client, args))
      return undefined
    }
  }

  /** Makes a call to the broker whose answer the disconnect waits for, after having cancelled it. */
  async call<T>(start: (client: Client, answer: (result: T) => void) => void): Promise<T> {
    const answered = new Promise<T>((resolve) => start(this.#client, resolve))
    const settled = answered.then(() => {})
    this.#calls.add(settled)
    try {
      return await answered
    } finally {
      this.#calls.delete(settled)
    }
  }
}

const guards = new WeakMap<Client, Guard>()

export function guardOf(client: Client): Guard {
  let guard = guards.get(client)
  if (guard === undefined) {
    guard = new Guard(client)
    guards.set(client, guard)
  }
  return guard
}

/**
 * Makes the requests of all threads to schema registries, each once: the main thread's side of `registry-port.ts`.
 *
 * The client is imported when a thread first asks: most works have no registry.
 */
import type { RegistryAnswer, RegistryRequests } from '@zk/formats/registry'
import type { RegistryAnswered, RegistryAsked } from './protocol.js'

/** No answer, which a registry's client takes as one that may come later. */
const ENDING: RegistryAnswer = { status: 0, body: 'the work is ending' }
const VALID: RegistryAnswer = { status: 200, body: '' }

export class RegistryDesk {
  /** Of requests under way: answers them without waiting. */
  readonly #pending = new Set<() => void>()
  #isClosed = false

  /** @param post to the thread; called once, and not for a thread that is gone, whose port takes nothing */
  answer({ id, config, request }: RegistryAsked, post: (answered: RegistryAnswered) => void): void {
    const settle = (answer: RegistryAnswered['answer']) => {
      if (this.#pending.delete(giveUp)) post({ type: 'registry', id, answer })
    }
    const giveUp = () => settle(ENDING)
    this.#pending.add(giveUp)
    if (this.#isClosed) {
      giveUp()
      return
    }
    void this.#make(config, request).then(settle)
  }

  /** The work ends: nobody waits for a registry any more. */
  close(): void {
    this.#isClosed = true
    for (const giveUp of [...this.#pending]) giveUp()
  }

  async #make(config: RegistryAsked['config'], request: RegistryAsked['request']): Promise<RegistryAnswered['answer']> {
    let requests: RegistryRequests
    try {
      const { sharedRegistryRequests } = await import('@zk/formats/registry')
      requests = sharedRegistryRequests(config)
    } catch (error) {
      return (error as Error).message
    }
    if (request === undefined) return VALID
    try {
      return await requests.request(request.method, request.path, request.body)
    } catch (error) {
      return { status: 0, body: (error as Error).message }
    }
  }
}

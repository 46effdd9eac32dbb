/** Requests of this thread's formats to schema registries, made by the main thread: once for all threads. */
import type { FormatHost } from '@zk/formats'
import type { RegistryAnswer, RegistryConfig, RegistryRequests } from '@zk/formats/registry'
import type { RegistryAnswered, RegistryAsked } from './protocol.js'

type Asked = RegistryAsked['request']

export class RegistryPort implements FormatHost {
  readonly #post: (asked: RegistryAsked) => void
  readonly #pending = new Map<number, (answer: RegistryAnswered['answer']) => void>()
  #nextId = 0
  /** Of configurations, by who looks at them. */
  #checks: Promise<unknown>[] = []

  constructor(post: (asked: RegistryAsked) => void) {
    this.#post = post
  }

  /** Whether the configuration is valid, `checked` says. */
  registry(config: RegistryConfig): RegistryRequests {
    const check = this.#ask(config, undefined)
    // Where nobody waits for it, requests fail for the same reason.
    check.catch(() => {})
    this.#checks.push(check)
    return { request: (method, path, body) => this.#ask(config, { method, path, body }) }
  }

  /** @throws TypeError when one of the configurations since the last call is not valid, or cannot be sent */
  async checked(): Promise<void> {
    const checks = this.#checks
    this.#checks = []
    await Promise.all(checks)
  }

  answered({ id, answer }: RegistryAnswered): void {
    const settle = this.#pending.get(id)
    this.#pending.delete(id)
    settle?.(answer)
  }

  #ask(config: RegistryConfig, request: Asked): Promise<RegistryAnswer> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, (answer) => {
        if (typeof answer === 'string') reject(new TypeError(answer))
        else resolve(answer)
      })
      // Behind it: what cannot be sent rejects too.
      this.#post({ type: 'registry', id, config, request })
    })
  }
}

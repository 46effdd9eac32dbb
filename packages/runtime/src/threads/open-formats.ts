/** The formats that a thread uses, each opened once: of the processor before its first record, others when they are first sent with. */
import type { Format } from '@zk/formats'
import { errors } from '../errors.js'
import type { RegistryPort } from './registry-port.js'

export class OpenFormats {
  readonly #registries: RegistryPort
  readonly #open = new WeakSet<Format<unknown>>()

  constructor(registries: RegistryPort) {
    this.#registries = registries
  }

  readonly open = (format: Format<unknown>): void => {
    if (this.#open.has(format)) return
    format.open?.(this.#registries)
    // Behind it: one that throws does so each time.
    this.#open.add(format)
  }

  /** @throws ZkError ZK_FORMAT_INVALID when it cannot be opened, or its registry's configuration is not valid */
  async openFirst(format: Format<unknown> | undefined, processorSource: string): Promise<void> {
    if (format === undefined) return
    try {
      this.open(format)
      await this.#registries.checked()
    } catch (error) {
      const why = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
      throw errors.ZK_FORMAT_INVALID(processorSource, format.name, why, { cause: error })
    }
  }
}

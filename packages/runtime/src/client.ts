/** The entry: what several works of a process have in common. */
import { checkFactoryOptions } from './config/call-options.js'
import type { ClientConfig, ClientInput } from './config/client-config.js'
import { parseClientConfig, parseWorkConfig } from './config/parse-config.js'
import type { WorkInput } from './config/work-config.js'
import { errors } from './errors.js'
import { createLogger } from './log/create-logger.js'
import type { Logger } from './log/logger.js'
import type { OnDone } from './work/done-callbacks.js'
import { Work } from './work.js'

export interface WorkFactoryOptions {
  /** Where the works of this factory log: pino or anything with its six methods. Default: pino, level from LOG_LEVEL. */
  logger?: Logger
  /** Called for each record of each work that has its final outcome, before the work's own `onDone`. */
  onDone?: OnDone | readonly OnDone[]
}

export interface WorkFactory {
  /** @throws ZkError ZK_CONFIG_* naming every field that is wrong */
  create(config: WorkInput): Work
}

/** What the works of a process have in common: brokers, security and an end. */
export class Client {
  readonly #config: ClientConfig
  readonly #works = new Set<Work>()
  #closed = false

  /** Made by `createClient`. */
  constructor(config: ClientConfig) {
    this.#config = config
  }

  /**
   * Works are made through a factory, so that those of one kind share a logger. Connects nothing.
   *
   * @throws ZkError ZK_CONFIG_INVALID for a logger without the six methods, or an `onDone` that is no function
   */
  workFactory(options: WorkFactoryOptions = {}): WorkFactory {
    checkFactoryOptions(options)
    const { logger = createLogger(), onDone = [] } = options
    return {
      create: (input) => {
        if (this.#closed) throw errors.ZK_CLIENT_CLOSED('create')
        const config = parseWorkConfig(input, this.#config)
        const work = new Work(this.#config, { ...config, onDone: [onDone, config.onDone].flat() }, logger)
        this.#works.add(work)
        return work
      },
    }
  }

  /** Shuts down every work that still runs, in good order, and waits for them. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#works].map((work) => work.close()))
  }
}

/** @throws ZkError ZK_CONFIG_* naming every field that is wrong. Does not connect. */
export function createClient(config: ClientInput): Client {
  return new Client(parseClientConfig(config))
}

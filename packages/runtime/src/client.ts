/** The entry: what works, readers and writers of a process have in common. */
import type { Format } from '@zk/formats'
import { checkFactoryOptions, type ofOneWork } from './config/call-options.js'
import type { ClientConfig, ClientInput } from './config/client-config.js'
import { parseClientConfig, parseWorkConfig } from './config/parse-config.js'
import { parseReaderConfig } from './config/parse-reader-config.js'
import { parseWriterConfig } from './config/parse-writer-config.js'
import { consumerProperties, writerProperties } from './config/properties.js'
import type { ReaderConfig, ReaderInput } from './config/reader-config.js'
import type { WorkInput } from './config/work-config.js'
import type { WriterConfig, WriterInput } from './config/writer-config.js'
import { errors } from './errors.js'
import { closeAll, Handles } from './handles.js'
import { createLogger } from './log/create-logger.js'
import type { Logger } from './log/logger.js'
import { Reader } from './reader/reader.js'
import type { Transport } from './transport.js'
import { Work } from './work.js'
import { Writer } from './writer/writer.js'

/**
 * What the works of a factory have in common: a logger, and defaults for every field of a work but those that say which one it
 * is. What `create` is given takes the place of the factory's, field by field; `onDone` alone adds up, the factory's first.
 */
export interface WorkFactoryOptions extends Omit<Partial<WorkInput>, (typeof ofOneWork)[number]> {
  /** Where the works of this factory log: pino or anything with its six methods. Default: the client's, else pino, level from LOG_LEVEL. */
  logger?: Logger
}

export interface WorkFactory {
  /** @throws ZkError ZK_CONFIG_* naming every field that is wrong */
  create(config: WorkInput): Work
}

/** What the works, readers and writers of a process have in common: brokers, security and an end. */
export class Client {
  readonly #config: ClientConfig
  readonly #transport: Transport
  /** Those that run: a service may make one for each job. */
  readonly #running = new Set<Work>()
  readonly #writers = new Handles<WriterConfig, Writer<unknown>>('writer')
  readonly #readers = new Handles<ReaderConfig, Reader<unknown>>('reader')
  #closed = false

  /** Made by `createClient`. */
  constructor(config: ClientConfig, transport: Transport = {}) {
    this.#config = config
    this.#transport = transport
  }

  /**
   * Works are made through a factory, so that those of one kind share a logger, hooks, callbacks and settings. Connects
   * nothing.
   *
   * @throws ZkError ZK_CONFIG_* naming every option that is wrong
   */
  workFactory(options: WorkFactoryOptions = {}): WorkFactory {
    checkFactoryOptions(options)
    const { logger = this.#logger(), onDone = [], ...defaults } = options
    return {
      create: (input) => {
        if (this.#closed) throw errors.ZK_CLIENT_CLOSED('create')
        const config = parseWorkConfig(withDefaults(input, defaults), this.#config)
        const work = new Work(
          this.#config,
          { ...config, onDone: [onDone, config.onDone].flat() },
          logger,
          this.#transport,
          {
            started: () => this.#running.add(work),
            ended: () => this.#running.delete(work),
            isClosed: () => this.#closed,
          },
        )
        return work
      },
    }
  }

  /**
   * A writer for one topic. Connects with the first write. The same `clientId`, topic and configuration give the same writer,
   * or, when that is closed, a new one.
   *
   * @throws ZkError ZK_CONFIG_* naming every field that is wrong; ZK_CONFIG_CONFLICT when there is a writer of this name and
   *   topic with another configuration; ZK_TRACING_UNAVAILABLE
   */
  writer<V>(input: WriterInput<V> & { format: Format<V> }): Writer<V>
  writer(input: Omit<WriterInput<never>, 'format'>): Writer
  writer(input: WriterInput<unknown>): Writer<unknown> {
    if (this.#closed) throw errors.ZK_CLIENT_CLOSED('writer')
    const config = parseWriterConfig(input, this.#config)
    const properties = writerProperties(config, this.#config)
    const { clientId, topic, logger } = config
    const make = () =>
      new Writer<unknown>({ config, properties, logger: this.#logger(logger), transport: this.#transport })
    return this.#writers.get(`${clientId} for ${topic}`, config, make)
  }

  /**
   * A reader: a member of a group, from which messages are taken one by one. Connects with the first `read`. The same `clientId`
   * and configuration give the same reader, or, when that is closed, a new one.
   *
   * @throws ZkError ZK_CONFIG_* naming every field that is wrong; ZK_CONFIG_CONFLICT when there is a reader of this name with
   *   another configuration
   */
  reader<V>(input: ReaderInput<V> & { format: Format<V> }): Reader<V>
  reader(input: Omit<ReaderInput<never>, 'format'>): Reader
  reader(input: ReaderInput<unknown>): Reader<unknown> {
    if (this.#closed) throw errors.ZK_CLIENT_CLOSED('reader')
    const config = parseReaderConfig(input, this.#config)
    const properties = consumerProperties(config, this.#config)
    const { clientId, logger } = config
    const make = () =>
      new Reader<unknown>({ config, properties, logger: this.#logger(logger), transport: this.#transport })
    return this.#readers.get(clientId, config, make)
  }

  /** Of whoever is given none. */
  #logger(own?: Logger): Logger {
    return own ?? this.#config.logger ?? createLogger()
  }

  /**
   * Shuts down every work that still runs, in good order, and waits for them; then closes the writers, which send what is
   * outstanding, and then the readers, which commit what is done. Each is closed even where another could not be.
   *
   * @throws what could not be done, when all are closed
   */
  async close(): Promise<void> {
    this.#closed = true
    try {
      await closeAll(this.#running)
    } finally {
      try {
        await this.#writers.close()
      } finally {
        await this.#readers.close()
      }
    }
  }
}

/** A field that the work does not give, or gives as undefined, is the factory's. */
function withDefaults(input: WorkInput, defaults: Partial<WorkInput>): WorkInput {
  // What is no object is refused as it is.
  if (typeof input !== 'object' || input === null) return input
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) } as WorkInput
}

/** @throws ZkError ZK_CONFIG_* naming every field that is wrong. Does not connect. */
export function createClient(config: ClientInput): Client {
  return new Client(parseClientConfig(config))
}

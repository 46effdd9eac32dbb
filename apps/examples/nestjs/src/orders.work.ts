/** The work as a provider: it starts when the application has started, and is drained before the application ends. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common'
import type { Client, Verdict, Work } from '@zk/runtime'

const NOT_YET: Verdict = { ok: false, reasons: ['not started'] }

@Injectable()
export class OrdersWork implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #log = new Logger(OrdersWork.name)
  readonly #shutdown = new AbortController()
  #client: Client | undefined
  #work: Work | undefined
  #run: Promise<void> = Promise.resolve()

  async onApplicationBootstrap(): Promise<void> {
    // The runtime is an ES module: CommonJS loads it by import(), in any version of Node.
    const { createClient } = await import('@zk/runtime')
    const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders', GROUP = 'nestjs' } = process.env
    this.#client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
    this.#work = this.#client.workFactory().create({
      topic: TOPIC,
      groupId: GROUP,
      // Loaded by the threads, not by the application, so that it need not be CommonJS.
      processor: pathToFileURL(join(__dirname, 'processor.mjs')),
      speedup: 2,
    })
    this.#run = this.#work.run({ shutdown: this.#shutdown.signal }).then(
      ({ reason, processed, committed }) => this.#log.log(`${reason}: ${processed} processed, ${committed} committed`),
      (error) => {
        this.#log.error(error)
        throw error
      },
    )
    // Whoever awaits `ended` hears of it.
    this.#run.catch(() => {})
  }

  /** Before connections are closed, so that probes are answered while the last records are finished and committed. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#shutdown.abort()
    await this.#run.catch(() => {})
    await this.#client?.close()
  }

  /** Rejects when the work fails. */
  get ended(): Promise<void> {
    return this.#run
  }

  get live(): Verdict {
    return this.#work?.health().live ?? NOT_YET
  }

  get ready(): Verdict {
    return this.#work?.health().ready ?? NOT_YET
  }
}

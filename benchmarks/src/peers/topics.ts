/** Topics of the peers' own: made for one run of the suite, and deleted after it. */
import { emptyTopic, type FilledTopic } from '../kafka-topic.js'

export class Topics {
  readonly #bootstrap: string
  readonly #left = new Map<string, FilledTopic>()
  #created = 0

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
  }

  /** @returns the name of a new one */
  async create(work: string): Promise<string> {
    const name = `peers-${work}-${process.pid}-${++this.#created}`
    this.#left.set(name, await emptyTopic({ bootstrap: this.#bootstrap, name }))
    return name
  }

  async delete(name: string): Promise<void> {
    await this.#left.get(name)!.close()
    this.#left.delete(name)
  }

  /** Deletes what is left. */
  async close(): Promise<void> {
    for (const name of this.#left.keys()) await this.delete(name)
  }
}

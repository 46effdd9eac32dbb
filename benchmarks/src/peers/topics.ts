/** Topics of the peers' own: made for one run of the suite, and deleted after it. */
import Kafka, { type LibrdKafkaError } from 'node-rdkafka'

const PARTITIONS = 12

export class Topics {
  readonly #admin: ReturnType<typeof Kafka.AdminClient.create>
  readonly #left = new Set<string>()
  #created = 0

  constructor(bootstrap: string) {
    this.#admin = Kafka.AdminClient.create({ 'bootstrap.servers': bootstrap })
  }

  /** @returns the name of a new one */
  async create(name: string): Promise<string> {
    const topic = `peers-${name}-${process.pid}-${++this.#created}`
    await settled((done) => this.#admin.createTopic({ topic, num_partitions: PARTITIONS, replication_factor: 1 }, done))
    this.#left.add(topic)
    return topic
  }

  async delete(topic: string): Promise<void> {
    await settled((done) => this.#admin.deleteTopic(topic, done))
    this.#left.delete(topic)
  }

  /** Deletes what is left. */
  async close(): Promise<void> {
    for (const topic of this.#left) await this.delete(topic)
    this.#admin.disconnect()
  }
}

function settled(call: (done: (error: LibrdKafkaError | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())))
}

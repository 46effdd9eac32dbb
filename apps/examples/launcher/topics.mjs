import Kafka from 'node-rdkafka'

const { ERRORS } = Kafka.CODES
const TIMEOUT_MS = 10_000

/**
 * Makes topics of four partitions where they are missing.
 * @param {string} bootstrapServers
 * @param {readonly string[]} topics
 */
export async function makeTopics(bootstrapServers, topics) {
  // Clients would log every attempt.
  const properties = { 'bootstrap.servers': bootstrapServers, log_level: 0 }
  try {
    const known = await listTopics(new Kafka.Producer(properties))
    // The embedded broker cannot be asked to make any: of those that it has none must be missing.
    const missing = topics.filter((topic) => !known.includes(topic))
    if (missing.length === 0) return
    const admin = Kafka.AdminClient.create(properties)
    for (const topic of missing) await createTopic(admin, topic)
    admin.disconnect()
  } catch (error) {
    console.error(`The topics ${topics.join(', ')} cannot be had at ${bootstrapServers}: ${/** @type {Error} */ (error).message}
Start a Kafka by \`pnpm kafka:up\`, name one by KAFKA_BOOTSTRAP (a \`zk broker\` needs --topics), or bring one along by --embedded.`)
    process.exit(1)
  }
}

/** @param {import('node-rdkafka').Producer} client @returns {Promise<string[]>} */
async function listTopics(client) {
  /** @type {import('node-rdkafka').Metadata} */
  const { topics } = await new Promise((resolve, reject) => {
    client.connect({ timeout: TIMEOUT_MS }, (error, metadata) => (error ? reject(error) : resolve(metadata)))
  })
  await new Promise((resolve) => client.disconnect(resolve))
  return topics.map(({ name }) => name)
}

/** @param {import('node-rdkafka').IAdminClient} admin @param {string} topic @returns {Promise<void>} */
function createTopic(admin, topic) {
  return new Promise((resolve, reject) => {
    // One copy has to do: development has one broker.
    admin.createTopic({ topic, num_partitions: 4, replication_factor: 1 }, TIMEOUT_MS, (error) => {
      // Of two terminals that begin at once the other one has made it.
      if (!error || error.code === ERRORS.ERR_TOPIC_ALREADY_EXISTS) resolve()
      else reject(error)
    })
  })
}

import { errors } from '../errors.js'

/**
 * Loads what needs node-rdkafka, when a command needs it and not before: help, explain and doctor work without.
 * @throws ZkError ZK_KAFKA_NOT_BUILT
 */
export async function withKafka<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (!/bindings file|node-librdkafka|librdkafka\.so/.test(message)) throw error
    throw errors.ZK_KAFKA_NOT_BUILT(message.split('\n')[0]!, { cause: error })
  }
}

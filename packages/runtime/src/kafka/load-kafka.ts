import { createRequire } from 'node:module'
import { errors } from '../errors.js'

/**
 * Loads what needs node-rdkafka, when a command needs it and not before: help, explain and doctor work without.
 *
 * It is required first, on its own: a CommonJS module that throws inside a graph of ES modules rejects more promises
 * than the one of the import.
 *
 * @throws ZkError ZK_KAFKA_NOT_BUILT
 */
export async function withKafka<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    createRequire(import.meta.url)('node-rdkafka')
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw errors.ZK_KAFKA_NOT_BUILT(message.split(/[.\n]/)[0]!, { cause: error })
  }
  return load()
}

#!/usr/bin/env node
// @ts-check
/**
 * Runs a command that needs a Kafka: `run-with-kafka.mjs [--brokers n] [--registry] -- <command…>`.
 *
 * KAFKA_BOOTSTRAP names the cluster to the command, KAFKA_SECURE its listeners with security (as JSON: saslServers, mtlsServers,
 * certificates, user), and SCHEMA_REGISTRY_URL the schema registry, if one is asked for. What is set already is used, and not
 * started; another's cluster has no KAFKA_SECURE.
 * Ends with the command's exit code, 128 + n when signal n ended it, 1 when Kafka did not start, 2 on wrong usage.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { USER } from './kafka/security.mjs'
import { startKafka } from './kafka.mjs'
import { startRegistry } from './registry.mjs'

const separator = process.argv.indexOf('--')
const command = separator === -1 ? [] : process.argv.slice(separator + 1)

try {
  process.exitCode = await main(process.argv.slice(2, separator === -1 ? undefined : separator), command)
} catch (error) {
  process.stderr.write(`${/** @type {Error} */ (error).message}\n`)
  process.exitCode = 1
}

/**
 * @param {string[]} own
 * @param {string[]} command
 */
async function main(own, command) {
  const { values } = parseArgs({
    args: own,
    options: { brokers: { type: 'string', default: '1' }, registry: { type: 'boolean', default: false } },
  })
  const brokers = Number(values.brokers)
  if (command.length === 0 || !Number.isInteger(brokers) || brokers < 1) {
    process.stderr.write('usage: run-with-kafka.mjs [--brokers n] [--registry] -- <command…>\n')
    return 2
  }
  /** @type {{ stop: () => Promise<void> }[]} */
  const started = []
  /** @param {string} what */
  const fetching = (what) => () => process.stderr.write(`Fetching ${what} from Maven Central (once)\n`)
  try {
    /** @type {Record<string, string>} */
    const env = {}
    if (!process.env.KAFKA_BOOTSTRAP) {
      const kafka = await startKafka({ brokers, onFetch: fetching('Kafka, about 45 MB,'), secure: true })
      started.push(kafka)
      env.KAFKA_BOOTSTRAP = kafka.bootstrapServers
      env.KAFKA_SECURE = JSON.stringify({ ...kafka.secure, user: USER })
      // As `zk run` has it: whoever is refused by brokers leaves a thread of the pool behind that waits for them.
      env.UV_THREADPOOL_SIZE = process.env.UV_THREADPOOL_SIZE ?? '16'
    }
    if (values.registry && !process.env.SCHEMA_REGISTRY_URL) {
      const registry = await startRegistry({ onFetch: fetching('Apicurio Registry, about 110 MB,') })
      started.push(registry)
      env.SCHEMA_REGISTRY_URL = registry.url
    }
    return await runCommand(command, env)
  } finally {
    await Promise.all(started.map((service) => service.stop()))
  }
}

/**
 * @param {string[]} command
 * @param {Record<string, string>} env
 * @returns {Promise<number>} its exit code, as a shell would give it
 */
async function runCommand([file, ...args], env) {
  const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  // The command decides what a signal means; Kafka stays until it has ended.
  const forward = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  try {
    const [code, signal] = await once(child, 'exit')
    return code ?? 128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)]
  } finally {
    process.off('SIGINT', forward).off('SIGTERM', forward)
  }
}

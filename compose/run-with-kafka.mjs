#!/usr/bin/env node
// @ts-check
/**
 * Runs a command that needs a Kafka: `run-with-kafka.mjs [--brokers n] -- <command…>`.
 *
 * KAFKA_BOOTSTRAP names the cluster to the command. Where it is set already, that one is used and none is started; else
 * KAFKA_SECURE has its listeners with security as JSON: saslServers, mtlsServers, certificates, user.
 * Ends with the command's exit code, 128 + n when signal n ended it, 1 when Kafka did not start, 2 on wrong usage.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { USER } from './kafka/security.mjs'
import { startKafka } from './kafka.mjs'

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
  const { values } = parseArgs({ args: own, options: { brokers: { type: 'string', default: '1' } } })
  const brokers = Number(values.brokers)
  if (command.length === 0 || !Number.isInteger(brokers) || brokers < 1) {
    process.stderr.write('usage: run-with-kafka.mjs [--brokers n] -- <command…>\n')
    return 2
  }
  const given = process.env.KAFKA_BOOTSTRAP
  if (given) return runCommand(command, { KAFKA_BOOTSTRAP: given })
  const onFetch = () => process.stderr.write('Fetching Kafka from Maven Central (once, about 45 MB)\n')
  const kafka = await startKafka({ brokers, onFetch, secure: true })
  try {
    return await runCommand(command, {
      KAFKA_BOOTSTRAP: kafka.bootstrapServers,
      // As `zk run` has it: whoever is refused by brokers leaves a thread of the pool behind that waits for them.
      UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '16',
      KAFKA_SECURE: JSON.stringify({ ...kafka.secure, user: USER }),
    })
  } finally {
    await kafka.stop()
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

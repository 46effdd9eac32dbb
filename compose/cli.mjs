#!/usr/bin/env node
// @ts-check
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  answers,
  DEFAULT_DIR,
  down,
  registryAnswers,
  registryStatus,
  registryUp,
  status,
  up,
} from './kafka/development.mjs'
import { KAFKA_VERSION } from './kafka/versions.mjs'
import { APICURIO_VERSION } from './registry/archive.mjs'

const USAGE = `Apache Kafka ${KAFKA_VERSION} for development, without Docker (needs Java 17 and, the first time, Maven).

  up     [--port 9092]   starts a broker that goes on running, and prints its address
         [--registry]    and a schema registry (Apicurio ${APICURIO_VERSION}, in memory) on --registry-port, default 8081
  down   [--keep]        stops what runs and removes its data; --keep leaves Kafka's for the next up
  status                 exit code 0 when all that was started runs and answers, else 3

  --json   one JSON object on stdout        --dir   where its data are (default: node_modules/.cache/zk-kafka)
`

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${/** @type {Error} */ (error).message}\n`)
  process.exitCode = 1
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '9092' },
      registry: { type: 'boolean', default: false },
      'registry-port': { type: 'string', default: '8081' },
      dir: { type: 'string', default: DEFAULT_DIR },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const dir = resolve(values.dir)
  /** @param {object} object @param {string} text */
  const print = (object, text) => process.stdout.write(`${values.json ? JSON.stringify(object) : text}\n`)

  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  switch (positionals.length === 1 ? positionals[0] : undefined) {
    case 'up': {
      const ports = { kafka: portOf('port', values.port), registry: portOf('registry-port', values['registry-port']) }
      /** @param {string} what */
      const fetching = (what) => () => process.stderr.write(`Fetching ${what} from Maven Central (once)\n`)
      const kafka = await up({ dir, port: ports.kafka, onFetch: fetching(`Kafka ${KAFKA_VERSION}, about 45 MB,`) })
      const onFetch = fetching(`Apicurio Registry ${APICURIO_VERSION}, about 110 MB,`)
      const registry = values.registry ? await registryUp({ dir, port: ports.registry, onFetch }) : undefined
      const texts = [`Kafka ${upOrAlready(kafka)} at ${kafka.bootstrapServers} (pid ${kafka.pid}, log ${kafka.log})`]
      if (registry) {
        texts.push(
          `The schema registry ${upOrAlready(registry)} at ${registry.url} (pid ${registry.pid}, log ${registry.log})`,
        )
      }
      print({ ...kafka, ...(registry && { registry }) }, texts.join('\n'))
      return 0
    }
    case 'down': {
      const stopped = await down({ dir, keep: values.keep })
      print({ stopped }, stopped ? 'Kafka is down' : 'Kafka was not running')
      return 0
    }
    case 'status': {
      const kafka = await status(dir)
      const ready = kafka !== undefined && (await answers(kafka))
      const registry = await registryStatus(dir)
      const registryReady = registry !== undefined && (await registryAnswers(registry.url))
      const texts = [
        !kafka ? 'Kafka is not running' : `Kafka ${upOrSilent(ready)} at ${kafka.bootstrapServers} (pid ${kafka.pid})`,
      ]
      if (registry)
        texts.push(`The schema registry ${upOrSilent(registryReady)} at ${registry.url} (pid ${registry.pid})`)
      const about = registry && { registry: { ready: registryReady, ...registry } }
      print({ running: kafka !== undefined, ready, ...kafka, ...about }, texts.join('\n'))
      return ready && (!registry || registryReady) ? 0 : 3
    }
    default:
      process.stderr.write(USAGE)
      return 2
  }
}

/** @param {{ started: boolean }} service */
function upOrAlready({ started }) {
  return started ? 'is up' : 'was up already'
}

/** @param {boolean} ready */
function upOrSilent(ready) {
  return ready ? 'is up' : 'runs, but does not answer'
}

/** @param {string} option @param {string} text */
function portOf(option, text) {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Error(`--${option} is a number from 1 to 65535, not ${text}`)
  return port
}

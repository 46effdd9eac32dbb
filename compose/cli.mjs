#!/usr/bin/env node
// @ts-check
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { answers, DEFAULT_DIR, down, status, up } from './kafka/development.mjs'
import { KAFKA_VERSION } from './kafka/versions.mjs'

const USAGE = `Apache Kafka ${KAFKA_VERSION} for development, without Docker (needs Java 17 and, the first time, Maven).

  up     [--port 9092]   starts a broker that goes on running, and prints its address
  down   [--keep]        stops it and removes its data; --keep leaves them for the next up
  status                 exit code 0 when it runs and answers, else 3

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
      const onFetch = () =>
        process.stderr.write(`Fetching Kafka ${KAFKA_VERSION} from Maven Central (once, about 45 MB)\n`)
      const kafka = await up({ dir, port: portOf(values.port), onFetch })
      print(
        kafka,
        `Kafka ${kafka.started ? 'is up' : 'was up already'} at ${kafka.bootstrapServers} (pid ${kafka.pid}, log ${kafka.log})`,
      )
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
      const text = !kafka
        ? 'Kafka is not running'
        : `Kafka ${ready ? 'is up' : 'runs, but does not answer'} at ${kafka.bootstrapServers} (pid ${kafka.pid})`
      print({ running: kafka !== undefined, ready, ...kafka }, text)
      return ready ? 0 : 3
    }
    default:
      process.stderr.write(USAGE)
      return 2
  }
}

/** @param {string} text */
function portOf(text) {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Error(`--port is a number from 1 to 65535, not ${text}`)
  return port
}

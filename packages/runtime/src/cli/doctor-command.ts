import { Command } from 'commander'
import { parseClientConfig, parseWorkConfig } from '../config/parse-config.js'
import { consumerProperties } from '../config/properties.js'
import { errors } from '../errors.js'
import { withKafka } from '../kafka/load-kafka.js'
import { createLogger } from '../log/create-logger.js'
import { ZkError } from '../zk-error.js'
import type { Check } from './check.js'
import { type ConnectionFlags, givenConnection, withConnectionOptions } from './connection-options.js'
import { checkMachine } from './machine-checks.js'
import { count, list } from './options.js'
import { printJson } from './output.js'

interface DoctorOptions extends ConnectionFlags {
  topic?: string[]
  group?: string
  speedup?: number
  json?: boolean
}

const HELP = 'zk doctor --help'
const MARKS = { ok: '✓ ok  ', warn: '! warn', fail: '✗ fail' } as const

export function doctorCommand(): Command {
  return withConnectionOptions(new Command('doctor'))
    .description(
      'Looks at Node, the addon, compression, CPUs and, with --brokers or --config, the cluster; says what to mend.',
    )
    .option('--topic <name>', 'topics that must be there for this client, or ^pattern; may be repeated', list)
    .option('--group <id>', 'consumer group whose offsets this client must be allowed to see')
    .option('--speedup <n>', 'threads that you plan to use', count)
    .option('--json', 'one JSON object a line on stdout')
    .addHelpText('after', '\nExample:\n  zk doctor --brokers localhost:9092 --topic orders --group billing')
    .action(async (options: DoctorOptions) => {
      let failed = false
      for await (const check of checks(options)) {
        failed ||= check.result === 'fail'
        if (options.json) printJson({ event: 'check', ...check })
        else
          console.log(
            `${MARKS[check.result]}  ${check.name}: ${check.found}${check.fix ? `\n         → ${check.fix}` : ''}`,
          )
      }
      if (failed) process.exitCode = 1
    })
}

async function* checks(options: DoctorOptions): AsyncGenerator<Check> {
  if (options.brokers === undefined && options.config === undefined) {
    for (const name of ['topic', 'group', 'prop', 'sasl', 'tls'] as const) {
      if (options[name] !== undefined) throw errors.ZK_CLI_USAGE(`--${name} needs --brokers or --config`, HELP)
    }
    yield* checkMachine(options.speedup)
    return
  }
  yield* checkMachine(options.speedup)
  let name = 'configuration'
  try {
    const { work, client, hasGroup, hasTopics } = await configured(options)
    const { checkCluster, Credentials } = await withKafka(async () => ({
      ...(await import('../kafka/cluster-check.js')),
      ...(await import('../kafka/credentials.js')),
    }))
    name = 'credentials'
    const credentials = new Credentials(work, createLogger({ level: 'error', output: 'stderr' }))
    await credentials.open()
    name = 'brokers'
    const group = hasGroup ? work.groupId : undefined
    const topics = hasTopics ? work.topics : []
    const properties = consumerProperties(work, client)
    try {
      yield* checkCluster({ brokers: work.bootstrapServers, topics, group, properties, credentials })
    } finally {
      credentials.close()
    }
  } catch (error) {
    const { code, message } = ZkError.is(error) ? error : { code: 'error', message: String(error) }
    yield { name, result: 'fail', found: `${code}: ${message}`, fix: `zk explain ${code}` }
  }
}

/** Checked, and made, as `zk run` does it. */
async function configured(options: DoctorOptions) {
  const { topic, group, speedup } = options
  const given = await givenConnection(options, HELP)
  const client = parseClientConfig(given.client)
  const { topic: inFile, ...fields } = given.work
  const named = topic ?? fields.topics ?? (inFile === undefined ? undefined : [inFile])
  const input = {
    processor: 'any',
    groupId: 'zk-doctor',
    ...fields,
    topics: named ?? ['any'],
    ...(group === undefined ? {} : { groupId: group }),
    ...(speedup === undefined ? {} : { speedup }),
  }
  const [hasTopics, hasGroup] = [named !== undefined, (group ?? fields.groupId) !== undefined]
  return { client, work: parseWorkConfig(input, client), hasTopics, hasGroup }
}

import { Command } from 'commander'
import { parseClientConfig, parseWorkConfig } from '../config/parse-config.js'
import { type ConsumerProperties, consumerProperties } from '../config/properties.js'
import { errors } from '../errors.js'
import { withKafka } from '../kafka/load-kafka.js'
import { ZkError } from '../zk-error.js'
import type { Check } from './check.js'
import { checkMachine } from './machine-checks.js'
import { count, list, property } from './options.js'
import { printJson } from './output.js'

interface DoctorOptions {
  brokers?: string[]
  topic?: string[]
  group?: string
  speedup?: number
  prop?: Record<string, string>
  json?: boolean
}

const MARKS = { ok: '✓ ok  ', warn: '! warn', fail: '✗ fail' } as const

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Looks at Node, the addon, compression, CPUs and, with --brokers, the cluster; says what to mend.')
    .option('--brokers <list>', 'bootstrap servers to reach', list)
    .option('--topic <name>', 'topics that must exist and be readable, or ^pattern; may be repeated', list)
    .option('--group <id>', 'consumer group to be allowed to join')
    .option('--speedup <n>', 'threads that you plan to use', count)
    .option('--prop <key=value>', 'librdkafka property, such as security.protocol; may be repeated', property)
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
  const { brokers, topic: topics = [], group } = options
  if (brokers === undefined) {
    for (const name of ['topic', 'group', 'prop'] as const) {
      if (options[name] !== undefined) throw errors.ZK_CLI_USAGE(`--${name} needs --brokers`, 'zk doctor --help')
    }
  }
  yield* checkMachine(options.speedup)
  if (brokers === undefined) return
  let name = 'configuration'
  try {
    const properties = clusterProperties(brokers, options)
    name = 'brokers'
    const { checkCluster } = await withKafka(() => import('../kafka/cluster-check.js'))
    yield* checkCluster({ brokers, topics, group, properties })
  } catch (error) {
    const { code, message } = ZkError.is(error) ? error : { code: 'error', message: String(error) }
    yield { name, result: 'fail', found: `${code}: ${message}`, fix: `zk explain ${code}` }
  }
}

/** Checked, and made, as `zk run` does it. */
function clusterProperties(brokers: string[], { topic, group, speedup, prop = {} }: DoctorOptions): ConsumerProperties {
  const client = parseClientConfig({ bootstrapServers: brokers })
  const work = {
    topics: topic ?? ['any'],
    groupId: group ?? 'zk-doctor',
    processor: 'any',
    additionalProps: prop,
    ...(speedup === undefined ? {} : { speedup }),
  }
  return consumerProperties(parseWorkConfig(work, client), client)
}

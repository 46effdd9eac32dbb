import { Command } from 'commander'
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
    .option('--topic <name>', 'topics that must exist and be readable', list)
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
  const { brokers, topic: topics = [], group, prop: properties = {} } = options
  yield* checkMachine(options.speedup)
  if (brokers === undefined) return
  try {
    const { checkCluster } = await withKafka(() => import('../kafka/cluster-check.js'))
    yield* checkCluster({ brokers, topics, group, properties })
  } catch (error) {
    const { code, message } = ZkError.is(error) ? error : { code: 'error', message: String(error) }
    yield { name: 'brokers', result: 'fail', found: `${code}: ${message}`, fix: `zk explain ${code}` }
  }
}

import { Command, InvalidArgumentError } from 'commander'
import { defaultSpeedup } from '../config/cpu-quota.js'
import { withKafka } from '../kafka/load-kafka.js'
import { createLogger } from '../log/create-logger.js'
import { type CheckOptions, checkValue } from './demo/check-processor.js'
import { type CheckedRun, conclude, tally } from './demo/verdict.js'
import { count } from './options.js'
import { printJson } from './output.js'

const KEYS = 1_000
const VALUE_BYTES = 200
/** About half a millisecond of plain JavaScript. */
const PASSES = 1_850

/** What the embedded broker keeps of such messages, with some room: it drops the oldest beyond 5 MiB a partition. */
const MAX_MESSAGES = 150_000

interface DemoOptions {
  messages: number
  speedup: number
  json?: boolean
}

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Shows the runtime at work: a CPU-heavy processor with one thread and with many, every message checked.',
    )
    .option('--messages <n>', `how many messages, at most ${MAX_MESSAGES}`, messageCount, 20_000)
    .option('--speedup <n>', 'threads of the second run; default: the CPUs it may use', count, defaultSpeedup().speedup)
    .option('--json', 'JSON lines on stdout')
    .action(demo)
}

function messageCount(text: string): number {
  const number = count(text)
  if (number > MAX_MESSAGES) throw new InvalidArgumentError(`Expected at most ${MAX_MESSAGES}.`)
  return number
}

async function demo({ messages, speedup, json }: DemoOptions): Promise<void> {
  const { measureEach } = await withKafka(() => import('./demo/measure-each.js'))
  const logger = createLogger({ level: 'warn', output: 'stderr' })
  let options: CheckOptions
  const measured = measureEach({
    load: { messages, keys: KEYS, value: (i, key, seq) => checkValue(i, key, seq, VALUE_BYTES) },
    speedups: speedup === 1 ? [1] : [1, speedup],
    run: () => {
      options = {
        passes: PASSES,
        times: new SharedArrayBuffer(messages * 4),
        due: new SharedArrayBuffer(KEYS * 4),
        outOfOrder: new SharedArrayBuffer(4),
      }
      const processor = new URL('./demo/check-processor.js', import.meta.url)
      return { processor, processorOptions: options, concurrency: 1, logger }
    },
  })
  const results: CheckedRun[] = []
  for await (const result of measured) {
    results.push({ ...result, ...tally(options!) })
    if (json) printJson({ event: 'run', ...results.at(-1) })
  }
  conclude(results, json ?? false)
}

import { Command, Option } from 'commander'
import { defaultSpeedup } from '../config/cpu-quota.js'
import { errors } from '../errors.js'
import { withKafka } from '../kafka/load-kafka.js'
import { createLogger } from '../log/create-logger.js'
import type { Measurement } from './bench/measure.js'
import { count, counts, jsonFile, valueSize, valuesOfFile } from './options.js'
import { formatTable, printJson } from './output.js'

interface BenchOptions {
  speedup: number[]
  concurrency: number
  messages: number
  keys: number
  size: number
  value?: Buffer[]
  options?: unknown
  json?: boolean
}

export function benchCommand(): Command {
  return new Command('bench')
    .description('Measures your processor over a list of speedups, on generated messages and the embedded broker.')
    .argument('<processor>', 'module whose default export has process(message, ctx)')
    .option('--speedup <list>', 'threads to try, such as 1,2,4', counts, powersOfTwo(defaultSpeedup().speedup))
    .option('--concurrency <n>', 'handlers in progress in one thread', count, 1)
    .option('--messages <n>', 'how many messages a run', count, 10_000)
    .option('--keys <n>', 'different keys', count, 1_000)
    .option('--size <bytes>', 'size of a value of nothing but x', valueSize, 200)
    .addOption(
      new Option('--value <file>', 'the value of every message; with .jsonl or .ndjson a value a line, used in turn')
        .argParser(valuesOfFile)
        .conflicts('size'),
    )
    .option('--options <file>', 'JSON file: processorOptions', jsonFile)
    .option('--json', 'one JSON object a line on stdout')
    .addHelpText(
      'after',
      `
Examples:
  zk bench ./processor.js --speedup 1,2,4 --messages 20000 --size 1024
  zk bench ./processor.ts --value orders.jsonl`,
    )
    .action(bench)
}

async function bench(processor: string, options: BenchOptions): Promise<void> {
  const { speedup, concurrency, messages, keys, size, value, json } = options
  const values = value ?? [Buffer.alloc(size, 'x')]
  const { measureEach } = await withKafka(() => import('./bench/measure-each.js'))
  const logger = createLogger({ level: 'warn', output: 'stderr' })
  const results: Measurement[] = []
  const measured = measureEach({
    load: { messages, keys, value: (i) => values[i % values.length]! },
    speedups: speedup,
    run: () => ({ processor, processorOptions: options.options, concurrency, logger }),
  })
  for await (const result of measured) {
    if (result.messages < messages) throw tooMuch(result.messages, messages)
    results.push(result)
    if (json) printJson({ event: 'bench', ...result, ratio: result.perSecond / results[0]!.perSecond })
  }
  if (json) return
  const first = results[0]!
  console.log(
    formatTable([
      ['speedup', 'messages/s', `against ${first.speedup}`, 'threads busy', 'failed'],
      ...results.map(({ speedup, perSecond, busy, failed }) => [
        speedup,
        Math.round(perSecond),
        `${(perSecond / first.perSecond).toFixed(2)} ×`,
        `${Math.round(busy * 100)} %`,
        failed,
      ]),
    ]),
  )
  const failed = Math.max(...results.map(({ failed }) => failed))
  if (failed === 0) return
  console.log(
    `\n${failed} of ${messages} messages failed, so these are not the speeds of your processor at its work: ` +
      `${value === undefined ? '--value <file> gives messages that it understands' : 'the errors say why'}.`,
  )
}

function tooMuch(kept: number, messages: number): Error {
  const why =
    `The embedded broker kept ${kept} of ${messages} messages: it drops the oldest of a partition beyond 5 MiB or ` +
    '100,000. Give fewer messages, smaller ones, or more keys'
  return errors.ZK_CLI_USAGE(why, 'zk bench --help')
}

function powersOfTwo(upTo: number): number[] {
  const list: number[] = []
  for (let n = 1; n < upTo; n *= 2) list.push(n)
  return [...list, upTo]
}

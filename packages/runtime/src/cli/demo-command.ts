import { Command, InvalidArgumentError } from 'commander'
import { defaultSpeedup } from '../config/cpu-quota.js'
import { errors } from '../errors.js'
import { withKafka } from '../kafka/load-kafka.js'
import { createLogger } from '../log/create-logger.js'
import { type CheckOptions, checkValue } from './bench/check-processor.js'
import type { Measurement } from './bench/measure.js'
import { count } from './options.js'
import { formatTable, printJson } from './output.js'

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

interface Checked extends Measurement {
  lost: number
  duplicates: number
  outOfOrder: number
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
  const { measureEach } = await withKafka(() => import('./bench/measure-each.js'))
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
      const processor = new URL('./bench/check-processor.js', import.meta.url)
      return { processor, processorOptions: options, concurrency: 1, logger }
    },
  })
  const results: Checked[] = []
  for await (const result of measured) {
    results.push({ ...result, ...check(options!) })
    if (json) printJson({ event: 'run', ...results.at(-1) })
  }
  conclude(results, json ?? false)
}

function check({ times, outOfOrder }: CheckOptions): { lost: number; duplicates: number; outOfOrder: number } {
  let lost = 0
  let duplicates = 0
  for (const n of new Int32Array(times)) {
    if (n === 0) lost++
    else duplicates += n - 1
  }
  return { lost, duplicates, outOfOrder: new Int32Array(outOfOrder)[0]! }
}

function conclude(results: readonly Checked[], json: boolean): void {
  const first = results[0]!
  const last = results.at(-1)!
  const sum = (of: (result: Checked) => number) => results.reduce((total, result) => total + of(result), 0)
  const verdict = {
    messages: first.messages,
    lost: sum(({ lost }) => lost),
    duplicates: sum(({ duplicates }) => duplicates),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    threads: last.speedup,
    speedup: Number((last.perSecond / first.perSecond).toFixed(2)),
  }
  if (!json) {
    console.log(
      formatTable([
        ['speedup', 'messages', 'seconds', 'messages/s', 'against 1', 'threads busy', 'lost', 'out of order'],
        ...results.map((result) => [
          result.speedup,
          result.messages,
          result.seconds.toFixed(1),
          Math.round(result.perSecond),
          `${(result.perSecond / first.perSecond).toFixed(2)} ×`,
          `${Math.round(result.busy * 100)} %`,
          result.lost,
          result.outOfOrder,
        ]),
      ]),
    )
    console.log(
      `\nEvery message was processed ${verdict.lost + verdict.duplicates === 0 ? 'exactly once' : 'NOT exactly once'}, ` +
        `and each key ${verdict.outOfOrder === 0 ? 'in order' : 'NOT in order'}.`,
    )
  }
  if (json) printJson({ event: 'demo', ...verdict })
  // The speedup depends on the machine and decides nothing.
  if (verdict.lost + verdict.outOfOrder > 0) {
    throw errors.ZK_INTERNAL(`The demo lost ${verdict.lost} messages and saw ${verdict.outOfOrder} out of order`)
  }
}

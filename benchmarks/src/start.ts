/**
 * How long `zk run` takes from its start as a process to its first assignment, beside a bare consumer's process on the same topic,
 * by turns; what of it is not connecting and joining the group; and what each further thread adds, beside bare threads.
 */
import { fileURLToPath } from 'node:url'
import { byTurns } from './by-turns.js'
import { childLine, childResult } from './child.js'
import { type BenchTopic, emptyTopic } from './kafka-topic.js'
import { type Result, summarize } from './report.js'
import type { BareStart } from './start-bare.js'
import type { SuiteOptions } from './suites.js'

const MORE = 8
const DEADLINE_MS = 20_000
const here = (script: string) => fileURLToPath(new URL(script, import.meta.url))
const zk = fileURLToPath(new URL('../bin/zk.cjs', import.meta.resolve('@zk/runtime')))
let groups = 0

export async function start({ runs, bootstrap, progress }: SuiteOptions): Promise<Result[]> {
  const topic = await emptyTopic({ bootstrap, name: `bench-start-${process.pid}-${Date.now()}` })
  const threads = (count: number) => () => childResult<{ ms: number }>('start-threads.js', [String(count)])
  const sides = {
    bare: () => bareStart(topic),
    one: () => readyMs(topic, 1),
    more: () => readyMs(topic, MORE),
    oneThread: threads(1),
    moreThreads: threads(MORE),
  }
  const measured = await byTurns(runs, sides, progress).finally(() => topic.close())
  const { bare, one, more } = measured
  const common = { suite: 'start', unit: 'ms' }
  const perThread = (of: (run: number) => number) => bare.map((_, run) => of(run) / (MORE - 1))
  const beyond = (times: readonly number[]) => times.map((ms, run) => ms - bare[run]!.joinMs)
  const processes = bare.map(({ processMs }) => processMs)
  return [
    summarize({ ...common, case: 'zk run to ready, speedup 1', values: one, baselines: processes }),
    summarize({ ...common, case: `zk run to ready, speedup ${MORE}`, values: more, baselines: processes }),
    summarize({ ...common, case: 'beyond connecting and joining, speedup 1', values: beyond(one) }),
    summarize({ ...common, case: `beyond connecting and joining, speedup ${MORE}`, values: beyond(more) }),
    summarize({
      ...common,
      case: 'each further thread',
      values: perThread((run) => more[run]! - one[run]!),
      baselines: perThread((run) => measured.moreThreads[run]!.ms - measured.oneThread[run]!.ms),
    }),
  ]
}

async function readyMs(topic: BenchTopic, speedup: number): Promise<number> {
  const args = [zk, 'run', here('noop-processor.js'), '--brokers', topic.bootstrap, '--topic', topic.name]
  args.push('--group', `start-${process.pid}-${Date.now()}-${++groups}`, '--speedup', String(speedup))
  args.push('--json', '--log-level', 'error')
  const isReady = (line: string) => line.startsWith('{') && (JSON.parse(line) as { event?: string }).event === 'ready'
  return (await childLine(args, isReady, { deadlineMs: DEADLINE_MS, end: 'SIGTERM' })).ms
}

async function bareStart(topic: BenchTopic): Promise<BareStart & { processMs: number }> {
  const args = [here('start-bare.js'), topic.bootstrap, topic.name]
  const { line, ms } = await childLine(args, (text) => text.startsWith('{'), { deadlineMs: DEADLINE_MS })
  return { ...(JSON.parse(line) as BareStart), processMs: ms }
}

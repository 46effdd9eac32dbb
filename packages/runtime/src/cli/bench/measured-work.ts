/** The work that is measured: the settings of the user's file, with the bench's own topic, group, threads and handlers. */
import type { ClientInput } from '../../config/client-config.js'
import { parseClientConfig, parseWorkConfig } from '../../config/parse-config.js'
import type { WorkConfig, WorkInput } from '../../config/work-config.js'
import { resolveWithHooks } from '../../processor-module/resolve-processor.js'
import { givenConfig } from './bench-config.js'
import type { Way } from './figures.js'
import type { RunSpec } from './run-spec.js'
import { patienceMs, STALL_MS } from './throughput-window.js'

/** Messages in librdkafka's queues: a tenth of a second of the shortest handlers. */
const READ_AHEAD = 100_000

type Subject = Pick<RunSpec, 'processor' | 'processorOptions' | 'batch' | 'flags' | 'bootstrapServers'>
type Place = Pick<RunSpec, 'topic' | 'partitions' | 'group' | 'seconds'>

export interface MeasuredWork extends Subject, Place, Way {
  /** Records are written while it runs: it begins behind those of earlier runs. */
  isPaced: boolean
}

export async function measuredWork(spec: MeasuredWork): Promise<{ client: ClientInput; input: WorkInput }> {
  const { processor, processorOptions, batch, speedup, concurrency, topic, group, partitions, isPaced } = spec
  const { client, work } = await givenConfig(spec.flags, spec.bootstrapServers, concurrency)
  const input = {
    ...work,
    ...{ topic, groupId: group, clientId: group, processor, speedup, concurrency },
    // Messages that are made up may well fail one and all, and their time is measured all the same.
    circuitBreaker: false,
    // Known by the time that it is asked for.
    stallAfterMs: STALL_MS / 2,
    shutdownTimeoutMs: patienceMs(spec),
    ...(isPaced && { autoOffsetReset: 'latest' }),
    additionalProps: {
      // By default all of the backlog is read ahead at once, and takes slow handlers the cores for a second.
      'queued.min.messages': Math.ceil(READ_AHEAD / partitions),
      ...(work.additionalProps as object | undefined),
      // The embedded broker answers a fetch that finds nothing when this time is over, and not when something comes.
      ...(spec.bootstrapServers !== undefined && { 'fetch.wait.max.ms': 1 }),
    },
    ...(processorOptions !== undefined && { processorOptions }),
    ...(batch !== undefined && { batch: { ...(work.batch as object | undefined), ...batch } }),
  }
  return { client, input: input as unknown as WorkInput }
}

/**
 * What each run would be refused for, told before a backlog is written.
 *
 * @param ways at least one
 * @throws ZkError as the work would at its start, but for what only its threads find out
 */
export async function checkedWork(subject: Subject, ways: readonly Way[]): Promise<WorkConfig> {
  const configs: WorkConfig[] = []
  for (const way of ways) {
    const place = { topic: 'zk-bench', partitions: 1, group: 'zk-bench', seconds: 1 }
    const { client, input } = await measuredWork({ ...subject, ...place, ...way, isPaced: false })
    configs.push(parseWorkConfig(input, parseClientConfig(client)))
  }
  const { processor, hooksModule } = configs[0]!
  await resolveWithHooks(processor, hooksModule, { cwd: process.cwd() })
  return configs[0]!
}

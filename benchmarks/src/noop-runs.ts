/** One run of each side that does nothing with its records, over a topic that was filled before. */
import { childResult } from './child.js'
import type { NoopRun } from './clock.js'
import type { BenchTopic } from './kafka-topic.js'

type Topic = Pick<BenchTopic, 'bootstrap' | 'name'>

/** A bare node-rdkafka `consume(1000)` loop. */
export const bareRun = (topic: Topic, messages: number) => () => run('noop-bare.js', topic, messages)

/** A loop that only takes batches of the native reader. */
export const readRun = (topic: Topic, messages: number) => () => run('noop-read.js', topic, messages)

export const ownRun = (topic: Topic, messages: number, speedup: number, reader: 'native' | 'portable' = 'native') => {
  return () => run('noop-zk.js', topic, messages, reader, String(speedup))
}

function run(program: string, { bootstrap, name }: Topic, messages: number, ...args: string[]): Promise<NoopRun> {
  return childResult(program, [bootstrap, name, String(messages), ...args])
}

/** Rounds of a work: each program once a round, on the same topic where it is filled before. */
import { fileURLToPath } from 'node:url'
import { byTurns } from '../by-turns.js'
import type { JavaPeers } from './java.js'
import { type Command, commandOf, programs } from './programs.js'
import { parseRun, type Run, run } from './run.js'
import { type Measured, titleOf } from './table.js'
import type { Topics } from './topics.js'
import type { Entry, Work } from './works.js'

export interface MeasureOptions {
  work: Work
  topics: Topics
  bootstrap: string
  runs: number
  /** A command that starts each program. */
  prefix: readonly string[]
  java: JavaPeers
  onProgress(line: string): void
}

export async function measure(options: MeasureOptions): Promise<Measured[]> {
  const { work, topics, runs, java, onProgress } = options
  const entries = work.entries.filter(({ peer }) => 'classPath' in java || programs[peer].mainClass === undefined)
  const topic = work.handler === 'latency' ? undefined : await filled(options)
  const once = async (entry: Entry) => {
    const figures = topic === undefined ? await underTrickle(entry, options) : await onTopic(entry, topic, options)
    onProgress(`${Math.round(figures.messages / figures.seconds).toLocaleString('en-US')} messages/s`)
    return figures
  }
  const sides = Object.fromEntries(entries.map((entry) => [titleOf(entry), () => once(entry)]))
  const measured: Record<string, Run[]> = await byTurns(runs, sides, (what) => onProgress(`${work.name}: ${what}`))
  if (topic !== undefined) await topics.delete(topic)
  return entries.map((entry) => ({ entry, runs: measured[titleOf(entry)]! }))
}

/** @returns the name of a topic with the work's records */
async function filled({ work, topics, bootstrap, prefix, onProgress }: MeasureOptions): Promise<string> {
  onProgress(`${work.name}: filling a topic`)
  const { name, messages, valueBytes, zipf = 0 } = work
  const topic = await topics.create(name)
  await run(script('fill.js', bootstrap, topic, messages, valueBytes, zipf), prefix)
  return topic
}

async function onTopic(entry: Entry, topic: string, options: MeasureOptions): Promise<Run> {
  return parseRun(await run(programOf(entry, topic, options), options.prefix))
}

/** On a topic of its own, which is filled as it goes. */
async function underTrickle(entry: Entry, options: MeasureOptions): Promise<Run> {
  const { work, topics, bootstrap, prefix } = options
  const topic = await topics.create(work.name)
  const { file, args } = programOf(entry, topic, options)
  const figures = parseRun(
    await run(script('under-trickle.js', bootstrap, topic, work.messages, file, ...args), prefix),
  )
  await topics.delete(topic)
  return figures
}

function programOf({ peer, options, messages }: Entry, topic: string, { work, bootstrap, java }: MeasureOptions) {
  const count = Math.min(messages ?? work.messages, work.messages)
  const told = { bootstrap, topic, count, handler: work.handler, ...options }
  const args = Object.entries(told).flatMap(([name, value]) => [`--${name}`, String(value)])
  return commandOf(peer, args, 'classPath' in java ? java.classPath : '')
}

function script(name: string, ...args: (string | number)[]): Command {
  return { file: process.execPath, args: [fileURLToPath(new URL(name, import.meta.url)), ...args.map(String)] }
}

/** Rounds of a work: each program once a round, on the same topic where it is filled before. */
import { fileURLToPath } from 'node:url'
import { byTurns } from '../by-turns.js'
import { emptyTopic } from '../kafka-topic.js'
import type { JavaPeers } from './java.js'
import { type Command, commandOf, programs } from './programs.js'
import { parseRun, type Run, run } from './run.js'
import { type Measured, titleOf } from './table.js'
import type { Entry, Work } from './works.js'

export interface MeasureOptions {
  work: Work
  bootstrap: string
  runs: number
  /** A command that starts each program. */
  prefix: readonly string[]
  java: JavaPeers
  onProgress(line: string): void
}

export async function measure(options: MeasureOptions): Promise<Measured[]> {
  const { work, runs, java, onProgress } = options
  const entries = work.entries.filter(({ peer }) => 'classPath' in java || programs[peer].mainClass === undefined)
  const rounds = async (figuresOf: (entry: Entry) => Promise<Run>): Promise<Measured[]> => {
    const once = async (entry: Entry) => {
      const figures = await figuresOf(entry)
      onProgress(`${Math.round(figures.messages / figures.seconds).toLocaleString('en-US')} messages/s`)
      return figures
    }
    const sides = Object.fromEntries(entries.map((entry) => [titleOf(entry), () => once(entry)]))
    const measured: Record<string, Run[]> = await byTurns(runs, sides, (what) => onProgress(`${work.name}: ${what}`))
    return entries.map((entry) => ({ entry, runs: measured[titleOf(entry)]! }))
  }
  if (work.handler === 'latency') {
    return rounds((entry) => inTopic(options, (topic) => underTrickle(entry, topic, options)))
  }
  return inTopic(options, async (topic) => {
    await fill(topic, options)
    return rounds((entry) => onTopic(entry, topic, options))
  })
}

/** Lends a topic of its own, which is deleted whatever happens. */
async function inTopic<T>({ work, bootstrap }: MeasureOptions, use: (topic: string) => Promise<T>): Promise<T> {
  const { name, close } = await emptyTopic({ bootstrap, name: `peers-${work.name}-${process.pid}-${Date.now()}` })
  try {
    return await use(name)
  } finally {
    await close()
  }
}

async function fill(topic: string, { work, bootstrap, prefix, onProgress }: MeasureOptions): Promise<void> {
  onProgress(`${work.name}: filling a topic`)
  const { messages, valueBytes, zipf = 0 } = work
  await run(script('fill.js', bootstrap, topic, messages, valueBytes, zipf), prefix)
}

async function onTopic(entry: Entry, topic: string, options: MeasureOptions): Promise<Run> {
  return parseRun(await run(programOf(entry, topic, options), options.prefix))
}

/** The topic is filled as it goes. */
async function underTrickle(entry: Entry, topic: string, options: MeasureOptions): Promise<Run> {
  const { work, bootstrap, prefix } = options
  const { file, args } = programOf(entry, topic, options)
  return parseRun(await run(script('under-trickle.js', bootstrap, topic, work.messages, file, ...args), prefix))
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

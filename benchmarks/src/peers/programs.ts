/** Who runs: what each program is called, and how it is started. */
import { fileURLToPath } from 'node:url'

export type PeerName = 'zk' | 'node-rdkafka' | 'kafkajs' | 'kafkajs-piscina' | 'java-client' | 'parallel-consumer'

export interface Program {
  title: string
  /** A script beside the suite's own, or a class of `java/`. */
  script?: string
  mainClass?: string
}

const JVM = ['-Xms1g', '-Xmx1g', '-XX:+UseParallelGC']

export const programs: Readonly<Record<PeerName, Program>> = {
  zk: { title: '@zk/runtime', script: 'zk.mjs' },
  'node-rdkafka': {
    title: 'node-rdkafka, bare loop',
    script: 'node-rdkafka.mjs',
  },
  kafkajs: {
    title: 'kafkajs eachBatch',
    script: 'kafkajs.mjs',
  },
  'kafkajs-piscina': {
    title: 'kafkajs + piscina',
    script: 'kafkajs-piscina.mjs',
  },
  'java-client': {
    title: "Kafka's Java client",
    mainClass: 'zk.peers.PlainClient',
  },
  'parallel-consumer': {
    title: 'Parallel Consumer',
    mainClass: 'zk.peers.ParallelConsumer',
  },
}

export interface Command {
  file: string
  args: readonly string[]
}

/** @param classPath of the Java programs */
export function commandOf(peer: PeerName, options: readonly string[], classPath: string): Command {
  const { script, mainClass } = programs[peer]
  if (mainClass !== undefined) return { file: 'java', args: [...JVM, '-cp', classPath, mainClass, ...options] }
  return { file: process.execPath, args: [peerFile(script!), ...options] }
}

export function peerFile(name: string): string {
  return fileURLToPath(new URL(`../../peers/${name}`, import.meta.url))
}

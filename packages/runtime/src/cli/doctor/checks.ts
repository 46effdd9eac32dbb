/** What `zk doctor` looks at. Each check says what it found and, where it is not well, the fix. */
import { createRequire } from 'node:module'
import Kafka, { type KafkaConsumer, type LibrdKafkaError, type Metadata } from 'node-rdkafka'
import { defaultSpeedup } from '../../config/cpu-quota.js'
import { errors } from '../../errors.js'
import { brokerError } from '../../kafka/broker-errors.js'

export interface Check {
  name: string
  result: 'ok' | 'warn' | 'fail'
  found: string
  /** What to do; absent where all is well. */
  fix?: string
}

export interface CheckOptions {
  brokers?: string[]
  topic?: string[]
  group?: string
  speedup?: number
  prop?: Record<string, string>
}

const MIN_NODE = 20
const CONNECT_TIMEOUT_MS = 8_000
const GROUP_TIMEOUT_MS = 5_000

export async function* checkMachine({ speedup }: CheckOptions): AsyncGenerator<Check> {
  yield node()
  yield kafkaClient()
  yield await addon()
  yield compression()
  yield esbuild()
  yield cpus(speedup)
}

function node(): Check {
  const major = Number(process.versions.node.split('.')[0])
  const found = `v${process.versions.node}`
  return major >= MIN_NODE
    ? { name: 'node', result: 'ok', found }
    : { name: 'node', result: 'fail', found, fix: `Install Node ${MIN_NODE} or later.` }
}

function kafkaClient(): Check {
  const { version } = createRequire(import.meta.url)('node-rdkafka/package.json') as { version: string }
  return { name: 'node-rdkafka', result: 'ok', found: `${version} with librdkafka ${Kafka.librdkafkaVersion}` }
}

async function addon(): Promise<Check> {
  try {
    const { compiledFor } = await import('@zk/native')
    const found = `built for node-rdkafka ${compiledFor.nodeRdkafka}, librdkafka ${compiledFor.librdkafka}`
    return { name: 'native reader', result: 'ok', found }
  } catch (error) {
    const { message } = error as Error
    const fix =
      'Allow its install script and run `pnpm rebuild @zk/native` or `npm rebuild @zk/native`. Until then the portable reader is used, at about a tenth of the speed.'
    return { name: 'native reader', result: 'warn', found: message, fix }
  }
}

function compression(): Check {
  const features = Kafka.features
  const missing = ['gzip', 'snappy', 'lz4', 'zstd'].filter((codec) => !features.includes(codec))
  if (missing.length === 0) return { name: 'compression', result: 'ok', found: 'gzip, snappy, lz4, zstd' }
  return {
    name: 'compression',
    result: 'warn',
    found: `no ${missing.join(', ')}: topics that use it cannot be read`,
    fix: 'Install libzstd-dev (Debian, Ubuntu) or zstd-devel (Fedora), then rebuild node-rdkafka.',
  }
}

function esbuild(): Check {
  try {
    createRequire(import.meta.url).resolve('esbuild')
    return { name: 'TypeScript', result: 'ok', found: 'esbuild compiles TypeScript processors' }
  } catch {
    return {
      name: 'TypeScript',
      result: 'warn',
      found: 'esbuild is missing',
      fix: 'Add esbuild, or give compiled JavaScript.',
    }
  }
}

function cpus(planned: number | undefined): Check {
  const { speedup, reason } = defaultSpeedup()
  const found = `${speedup} (${reason})`
  if (planned === undefined || planned <= speedup * 2) return { name: 'CPUs', result: 'ok', found }
  return {
    name: 'CPUs',
    result: 'warn',
    found: `${found}, and a speedup of ${planned}`,
    fix: 'More than two threads a CPU gain nothing for CPU-bound handlers; for handlers that wait, raise --concurrency.',
  }
}

export async function* checkCluster(options: CheckOptions & { brokers: string[] }): AsyncGenerator<Check> {
  const { brokers, topic = [], group } = options
  const { consumer, metadata } = await connect(options)
  try {
    yield { name: 'brokers', result: 'ok', found: `${metadata.brokers.length} reached through ${brokers.join(', ')}` }
    for (const name of topic) yield checkTopic(metadata, name)
    if (group !== undefined && topic.length > 0) yield await checkGroup(consumer, group, topic)
  } finally {
    await new Promise<void>((resolve) => consumer.disconnect(() => resolve()))
  }
}

async function connect({ brokers, group = 'zk-doctor', prop = {} }: CheckOptions & { brokers: string[] }) {
  let consumer: KafkaConsumer
  try {
    consumer = new Kafka.KafkaConsumer(
      { ...prop, 'bootstrap.servers': brokers.join(','), 'group.id': group, 'enable.auto.commit': false } as never,
      {},
    )
  } catch (error) {
    throw errors.ZK_CONFIG_UNKNOWN_PROPERTY('of --prop', (error as Error).message, { cause: error })
  }
  const metadata = await new Promise<Metadata>((resolve, reject) => {
    consumer.connect({ timeout: CONNECT_TIMEOUT_MS }, (error: LibrdKafkaError | null, data) =>
      error ? reject(brokerError(brokers, error)) : resolve(data),
    )
  })
  return { consumer, metadata }
}

function checkTopic({ topics }: Metadata, name: string): Check {
  const found = topics.find((topic) => topic.name === name)
  if (found === undefined || found.partitions.length === 0) {
    const fix = 'Create it, or allow this client to describe and read it (ACL Describe, Read on the topic).'
    return { name: `topic ${name}`, result: 'fail', found: 'not found, or not allowed to be seen', fix }
  }
  return { name: `topic ${name}`, result: 'ok', found: `${found.partitions.length} partitions` }
}

/** Asks for the group's offsets, which needs the same rights as joining it, and disturbs no member. */
async function checkGroup(consumer: KafkaConsumer, group: string, topics: readonly string[]): Promise<Check> {
  const name = `group ${group}`
  const partitions = topics.map((topic) => ({ topic, partition: 0 }))
  return new Promise((resolve) => {
    consumer.committed(partitions as never, GROUP_TIMEOUT_MS, (error: LibrdKafkaError | null, offsets) => {
      if (error) {
        const fix = 'Allow this client to read the group (ACL Read on the group).'
        resolve({ name, result: 'fail', found: error.message, fix })
        return
      }
      const began = offsets.some((one) => 'offset' in one && Number(one.offset) >= 0)
      resolve({ name, result: 'ok', found: began ? 'has committed offsets' : 'has committed nothing yet' })
    })
  })
}

/** What `zk doctor` looks at on this machine. */
import { createRequire } from 'node:module'
import { defaultSpeedup } from '../config/cpu-quota.js'
import { withKafka } from '../kafka/load-kafka.js'
import { ZkError } from '../zk-error.js'
import type { Check } from './check.js'

const MIN_NODE = 20

export async function* checkMachine(speedup: number | undefined): AsyncGenerator<Check> {
  yield node()
  yield* kafkaClient()
  yield await addon()
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

async function* kafkaClient(): AsyncGenerator<Check> {
  const { version } = createRequire(import.meta.url)('node-rdkafka/package.json') as { version: string }
  try {
    const { librdkafka, features } = await withKafka(() => import('../kafka/features.js'))
    yield { name: 'node-rdkafka', result: 'ok', found: `${version} with librdkafka ${librdkafka}` }
    yield compression(features)
  } catch (error) {
    const found = ZkError.is(error) ? error.message : String(error)
    yield {
      name: 'node-rdkafka',
      result: 'fail',
      found,
      fix: 'Run `pnpm rebuild node-rdkafka` or `npm rebuild node-rdkafka`.',
    }
  }
}

async function addon(): Promise<Check> {
  try {
    const { compiledFor } = await withKafka(() => import('@zk/native'))
    const found = `built for node-rdkafka ${compiledFor.nodeRdkafka}, librdkafka ${compiledFor.librdkafka}`
    return { name: 'native reader', result: 'ok', found }
  } catch (error) {
    const { message } = error as Error
    const fix =
      'Allow its install script and run `pnpm rebuild @zk/native` or `npm rebuild @zk/native`. Until then the portable reader is used, which is several times slower.'
    return { name: 'native reader', result: 'warn', found: message, fix }
  }
}

function compression(builtIn: readonly string[]): Check {
  const missing = ['gzip', 'snappy', 'lz4', 'zstd'].filter((codec) => !builtIn.includes(codec))
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

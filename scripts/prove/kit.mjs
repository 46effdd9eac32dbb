// @ts-check
/**
 * The built packages, and of the benchmarks what measures. Scripts belong to no package that could depend on them by name, and
 * proofs need parts that no package exports: so they are loaded by path, here and nowhere else.
 */
import { createRequire } from 'node:module'

const packages = new URL('../../packages/', import.meta.url)
const load = (/** @type {string} */ path) => import(new URL(path, packages).href)

export const { checkLedger, contradictions, invariants, ledgerNow, openLedger, workload } =
  await load('testing/dist/index.js')
export const { produceWorkload } = await load('testing/dist/produce-workload.js')
export const { median } = await load('runtime/dist/cli/bench/median.js')
export const { slope } = await load('../benchmarks/dist/slope.js')
export const { resident } = await load('../benchmarks/dist/resident.js')

/** A client that shares nothing with the one under test. */
export const loadKafkajs = () => createRequire(new URL('testing/package.json', packages))('kafkajs')

/** Only where it is wanted: it loads node-rdkafka. */
export const loadFillTopic = async () => (await load('runtime/dist/kafka/fill-topic.js')).fillTopic

/** The class that `zk run` uses, in the process in which it runs. */
export const loadWork = async () => (await load('runtime/dist/work.js')).Work

/** What users import: for proofs whose work runs in their own process. */
export const loadClient = async () => (await load('runtime/dist/index.js')).createClient

/** A broker in this process. */
export const loadEmbeddedBroker = async () => (await load('runtime/dist/kafka/embedded-broker.js')).startEmbeddedBroker

const nothing = () => {}
/** Of works in a proof's own process, whose failures are meant. */
export const quiet = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing }

// @ts-check
/**
 * A real Apache Kafka without Docker: KRaft brokers from the jars of Maven Central, on 127.0.0.1.
 *
 *     const kafka = await startKafka({ brokers: 3 })
 *     … kafka.bootstrapServers …
 *     await kafka.kill(2)
 *     await kafka.restart(2)
 *     await kafka.stop()
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { brokerFiles, endOfLog, prepareBroker, spawnBroker } from './kafka/broker.mjs'
import { makeCertificates } from './kafka/certificates.mjs'
import { brokerProperties, HOST } from './kafka/config.mjs'
import { kafkaJars } from './kafka/jars.mjs'
import { freePorts, isPortFree } from './kafka/ports.mjs'
import { knownBrokers } from './kafka/readiness.mjs'
import { requireJava } from './kafka/requirements.mjs'
import { SCRAM_USERS, secureProperties } from './kafka/security.mjs'

/**
 * @typedef {object} KafkaOptions
 * @property {number} [brokers] default 1
 * @property {number} [port] of the first broker, the next ones follow; default: free ones
 * @property {string} [dir] where data and logs stay; default: a temporary folder that `stop` removes
 * @property {Record<string, string | number | boolean>} [config] broker properties over the launcher's own
 * @property {string} [heap] of each broker's JVM; default 768m for one, 512m for several
 * @property {number} [readyMs] how long the start may take, default 90,000
 * @property {boolean} [detached] the brokers outlive this process; default false
 * @property {boolean} [secure] two more listeners: SASL over TLS with every mechanism, and TLS that asks for certificates
 * @property {() => void} [onFetch] called before jars are downloaded
 */

/**
 * @typedef {object} Kafka
 * @property {string} bootstrapServers of all brokers, comma separated
 * @property {Secure | undefined} secure where it was asked for
 * @property {string} dir
 * @property {(id: number) => number | undefined} pid of a running broker
 * @property {(id: number) => Promise<void>} kill SIGKILL, and waits until it is gone
 * @property {(id: number) => Promise<void>} term SIGTERM: hands its leaderships over, and waits until it is gone
 * @property {(id: number) => void} pause SIGSTOP: alive to the network, answers nothing
 * @property {(id: number) => void} resume SIGCONT
 * @property {(id: number) => Promise<void>} restart starts a killed one again, with its data, and waits until it is ready
 * @property {() => Promise<void>} stop ends all of it; without `dir` its data is removed
 */

/**
 * @typedef {object} Secure
 * @property {string} saslServers of all brokers; the users are those of `kafka/security.mjs`
 * @property {string} mtlsServers
 * @property {import('./kafka/certificates.mjs').Certificates} certificates
 */

/** How long an orderly end may take before SIGKILL. */
const TERM_MS = 20_000
const PROBE_EVERY_MS = 50

/**
 * @param {KafkaOptions} [options]
 * @returns {Promise<Kafka>} when every broker knows every broker
 */
export async function startKafka({
  brokers = 1,
  port,
  dir,
  config = {},
  heap,
  readyMs = 90_000,
  detached = false,
  secure = false,
  onFetch,
} = {}) {
  await requireJava()
  const jars = await kafkaJars(onFetch ? { onFetch } : {})
  const ids = Array.from({ length: brokers }, (_, i) => i + 1)
  const ports = await choosePorts(brokers, port, secure)
  const clusterDir = dir ?? (await mkdtemp(join(tmpdir(), 'zk-kafka-')))
  const clusterId = clusterIdOf(clusterDir)
  const certificates = secure ? await makeCertificates(join(clusterDir, 'certificates')) : undefined
  /** @type {Map<number, import('node:child_process').ChildProcess>} */
  const running = new Map()
  const javaHeap = heap ?? (brokers > 1 ? '512m' : '768m')

  /** @param {number} id */
  async function spawnOne(id) {
    running.set(id, await spawnBroker(brokerFiles(clusterDir, id), { jars, heap: javaHeap, detached }))
  }

  /** Ready when every running broker knows all of the running ones, over the listener that no fault is put on. */
  async function ready() {
    const deadline = Date.now() + readyMs
    for (const [id, child] of running) {
      while ((await knownBrokers(ports[id - 1].internal)) < running.size) {
        const files = brokerFiles(clusterDir, id)
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(
            `Kafka broker ${id} ended while starting (${child.exitCode ?? child.signalCode}). Its log ends with:\n${await endOfLog(files)}`,
          )
        }
        if (Date.now() > deadline)
          throw new Error(`Kafka broker ${id} was not ready in ${readyMs} ms; its log: ${files.log}`)
        await delay(PROBE_EVERY_MS)
      }
    }
  }

  /**
   * @param {number} id
   * @param {'SIGKILL' | 'SIGTERM'} signal
   */
  async function end(id, signal) {
    const child = running.get(id)
    if (!child) return
    running.delete(id)
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const patience = setTimeout(() => child.kill('SIGKILL'), TERM_MS)
    await gone
    clearTimeout(patience)
  }

  // An orderly end of this process takes the brokers with it where the kernel does not.
  const reap = () => {
    for (const child of running.values()) child.kill('SIGKILL')
  }

  async function stop() {
    // Nobody reads these data again, or they are as after a crash, which Kafka must bear: no need to wait for SIGTERM.
    await Promise.all(ids.map((id) => end(id, 'SIGKILL')))
    process.off('exit', reap)
    if (dir === undefined) await rm(clusterDir, { recursive: true, force: true })
  }

  /** @param {number} id */
  function childOf(id) {
    const child = running.get(id)
    if (!child) throw new Error(`Kafka broker ${id} is not running`)
    return child
  }

  if (!detached) process.on('exit', reap)
  try {
    await Promise.all(
      ids.map(async (id) => {
        const files = brokerFiles(clusterDir, id)
        const plain = brokerProperties({ id, ports, dataDir: files.data, overrides: config })
        const properties = certificates ? secureProperties(plain, ports[id - 1], certificates) : plain
        await prepareBroker(files, { jars, clusterId, properties, format: secure ? SCRAM_USERS : [] })
        await spawnOne(id)
      }),
    )
    await ready()
  } catch (error) {
    await stop()
    throw error
  }
  // Detached children must not keep this process from ending.
  if (detached) for (const child of running.values()) child.unref()

  return {
    bootstrapServers: ports.map(({ client }) => `${HOST}:${client}`).join(','),
    secure: certificates && {
      saslServers: ports.map(({ sasl }) => `${HOST}:${sasl}`).join(','),
      mtlsServers: ports.map(({ mtls }) => `${HOST}:${mtls}`).join(','),
      certificates,
    },
    dir: clusterDir,
    pid: (id) => running.get(id)?.pid,
    kill: (id) => end(id, 'SIGKILL'),
    term: (id) => end(id, 'SIGTERM'),
    pause: (id) => void childOf(id).kill('SIGSTOP'),
    resume: (id) => void childOf(id).kill('SIGCONT'),
    async restart(id) {
      if (!ids.includes(id)) throw new Error(`There is no Kafka broker ${id}`)
      await end(id, 'SIGKILL')
      await spawnOne(id)
      await ready()
    },
    stop,
  }
}

/**
 * @param {number} brokers
 * @param {number | undefined} first
 * @param {boolean} secure
 * @returns {Promise<import('./kafka/config.mjs').NodePorts[]>}
 */
async function choosePorts(brokers, first, secure) {
  const wanted = first === undefined ? [] : Array.from({ length: brokers }, (_, i) => first + i)
  for (const port of wanted) {
    if (!(await isPortFree(port))) {
      throw new Error(`Port ${port} is taken: is another Kafka running? Choose another port.`)
    }
  }
  const free = await freePorts((secure ? 5 : 3) * brokers - wanted.length, wanted)
  const take = () => free.splice(0, brokers)
  const clients = first === undefined ? take() : wanted
  const [internal, controller] = [take(), take()]
  const [sasl, mtls] = secure ? [take(), take()] : [[], []]
  return clients.map((client, i) => ({
    client,
    internal: internal[i],
    controller: controller[i],
    ...(secure && { sasl: sasl[i], mtls: mtls[i] }),
  }))
}

/**
 * Kept with the data: brokers refuse data of another cluster.
 * @param {string} clusterDir
 */
function clusterIdOf(clusterDir) {
  const file = join(clusterDir, 'cluster.id')
  if (existsSync(file)) return readFileSync(file, 'utf8')
  // Never with a leading '-', which the format tool would take for an option.
  const id = `Z${randomBytes(16).toString('base64url').slice(1)}`
  mkdirSync(clusterDir, { recursive: true })
  writeFileSync(file, id)
  return id
}

// @ts-check
/**
 * Dead letter topics that take nothing for half a minute: one by its configuration, one because too few of its replicas are
 * in sync, one because its only broker is dead. What the group has committed never passes a record that is not written yet;
 * afterwards each is there once. A cluster of three brokers of its own, whatever KAFKA_BOOTSTRAP says: one of them is killed.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { startKafka } from '../../compose/kafka.mjs'
import { loadClient, quiet } from './kit.mjs'
import { allLed, headersIn, kafkaClient } from './topics.mjs'
import { say } from './verdict.mjs'

const RECORDS = 300
const FAILING = [40, 41, 200]
const REFUSED_MS = 30_000
/** For what waits then: the pauses between tries grow to ten seconds. */
const RECOVERY_MS = 60_000
const KILLED = 3
const OLD = Date.now() - 600_000
const TIME_LIMIT = 'message.timestamp.before.max.ms'
const NO_LIMIT = '9223372036854775807'
const TOPIC_CONFIG = 2

/** Replicas and configuration of the dead letter topic. @type {Record<string, { replicas: number[], config?: Record<string, string> }>} */
const stories = {
  'takes no old records': { replicas: [1] },
  'too few replicas in sync': { replicas: [2, KILLED], config: { 'min.insync.replicas': '2' } },
  'its broker is dead': { replicas: [KILLED] },
}

/** @type {import('./verdict.mjs').Proof} */
export const prove = async () => {
  say('Starting three brokers')
  const kafka = await startKafka({ brokers: 3 })
  const client = kafkaClient(kafka.bootstrapServers)
  const admin = client.admin({ retry: { retries: 20 } })
  // It never hears of the dead letter topics: kafkajs looks for the leaders of all topics that it knows of.
  const reader = client.admin({ retry: { retries: 20 } })
  const producer = client.producer({ allowAutoTopicCreation: false })
  /** @type {Awaited<ReturnType<typeof startWork>>[]} */
  const works = []
  try {
    await Promise.all([admin.connect(), reader.connect(), producer.connect()])
    /** @param {string} topic @param {string} value */
    const limitAge = (topic, value) =>
      reader.alterConfigs({
        validateOnly: false,
        resources: [{ type: TOPIC_CONFIG, name: topic, configEntries: [{ name: TIME_LIMIT, value }] }],
      })
    for (const [name, how] of Object.entries(stories)) {
      works.push(await startWork(kafka.bootstrapServers, admin, name, how))
    }
    await limitAge(works[0].letters, '60000')
    await kafka.kill(KILLED)
    say('Broker 3 is dead, one topic takes no old records. Producing')
    // Leaders of the records' topics must be known first.
    await delay(5_000)
    for (const { topic } of works) await producer.send({ topic, messages: messages() })
    const since = performance.now()
    const judged = Promise.all(works.map((work) => judge(kafka.bootstrapServers, reader, work, since)))
    // Its rejection is heard below; meanwhile nobody listens.
    judged.catch(() => {})
    await delay(REFUSED_MS)
    say('Broker 3 comes back, the topic takes old records again')
    await Promise.all([limitAge(works[0].letters, NO_LIMIT), kafka.restart(KILLED)])
    const verdicts = await judged
    return {
      holds: verdicts.every(({ holds }) => holds),
      refusedMs: REFUSED_MS,
      ...Object.fromEntries(works.map(({ name }, i) => [name, verdicts[i]])),
    }
  } finally {
    await Promise.allSettled(works.map(({ stop }) => stop()))
    await Promise.all([admin.disconnect(), reader.disconnect(), producer.disconnect()])
    await kafka.stop()
  }
}

function messages() {
  return Array.from({ length: RECORDS }, (_, i) => ({
    ...{ partition: 0, key: `k${i % 50}`, value: FAILING.includes(i) ? 'fail' : 'fine', timestamp: String(OLD) },
  }))
}

/**
 * @param {string} bootstrapServers
 * @param {any} admin
 * @param {string} name
 * @param {{ replicas: number[], config?: Record<string, string> }} how
 */
async function startWork(bootstrapServers, admin, name, { replicas, config = {} }) {
  const id = randomUUID()
  const [topic, letters] = [`prove-records-${id}`, `prove-letters-${id}`]
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
  const replicaAssignment = [{ partition: 0, replicas }]
  await admin.createTopics({
    topics: [
      { topic, replicaAssignment: [{ partition: 0, replicas: [1] }], configEntries: [] },
      { topic: letters, replicaAssignment, configEntries },
    ],
    waitForLeaders: false,
  })
  // Each broker hears of a new topic by itself.
  for (const name of [topic, letters]) await allLed(admin, name, 1)
  await delay(1_000)
  const createClient = await loadClient()
  const zk = createClient({ bootstrapServers: bootstrapServers.split(',') })
  const work = zk.workFactory({ logger: quiet }).create({
    ...{ topic, groupId: id, deadLetterTopic: letters, speedup: 1, concurrency: 8, autoCommitIntervalMs: 100 },
    ...{ processor: new URL('./processors/fails.mjs', import.meta.url), circuitBreaker: false },
    additionalProps: { 'heartbeat.interval.ms': 500 },
  })
  const shutdown = new AbortController()
  /** @type {() => void} */
  let onAssigned = () => {}
  const assigned = new Promise((resolve) => {
    onAssigned = () => resolve(undefined)
  })
  let assignments = 0
  const run = work.run({
    shutdown: shutdown.signal,
    onEvent: (/** @type {{ type: string }} */ { type }) => {
      if (type !== 'assigned') return
      assignments++
      onAssigned()
    },
  })
  await Promise.race([assigned, run])
  const stop = async () => {
    shutdown.abort()
    await run
    await zk.close()
  }
  return { name, topic, letters, group: id, stop, assignments: () => assignments }
}

/**
 * The group's coordinator moves when a broker goes or comes; the next look finds the new one.
 *
 * @param {{ retriable?: boolean }} error
 * @returns {any[]}
 */
function passing(error) {
  if (!error.retriable) throw error
  return []
}

/**
 * @param {string} bootstrapServers
 * @param {any} reader
 * @param {{ topic: string, letters: string, group: string, assignments(): number }} work
 * @param {number} since
 */
async function judge(bootstrapServers, reader, { topic, letters, group, assignments }, since) {
  let samplesWhileRefused = 0
  let heldAtFirst = 0
  let committed = -1
  /** @type {string[]} */
  const wrong = []
  while (performance.now() - since < REFUSED_MS + RECOVERY_MS) {
    const [answer] = await reader.fetchOffsets({ groupId: group, topics: [topic] }).catch(passing)
    if (answer === undefined) {
      await delay(200)
      continue
    }
    committed = Number(answer.partitions[0].offset)
    if (performance.now() - since < REFUSED_MS) {
      samplesWhileRefused++
      if (committed === FAILING[0]) heldAtFirst++
      if (committed > FAILING[0]) wrong.push(`committed ${committed} while the topic refused`)
    }
    if (committed === RECORDS) break
    await delay(200)
  }
  const recoveredMs = Math.round(performance.now() - since - REFUSED_MS)
  // Of each letter that is there, the offset of its record.
  const written = (await headersIn(bootstrapServers, letters, '__dlq.errors.offset')).map(Number).sort((a, b) => a - b)
  return {
    holds:
      wrong.length === 0 &&
      committed === RECORDS &&
      heldAtFirst > 10 &&
      written.join() === FAILING.join() &&
      assignments() === 1,
    ...{ samplesWhileRefused, heldAtFirst, committed, written, recoveredMs, assignments: assignments(), wrong },
  }
}

/**
 * Producers that are cut off at random moments: by close with records on their way, by a purge, by the garbage collector, by
 * the end of the process. Prints one JSON line, {"rounds", "sent", "reported", "verdict"}, and exits 0 when nothing was wrong.
 *
 *   node --expose-gc scripts/cut-sends.mjs [rounds, default 200] [seed]
 */
import { openProducer } from '../dist/index.js'
import { createMockCluster } from '../dist/mock-cluster.js'
import { seeded, turns } from './cutting.mjs'

const rounds = Number(process.argv[2] ?? 200)
const seed = Number(process.argv[3] ?? Date.now() % 1e9)
const random = seeded(seed)

const cluster = createMockCluster()
cluster.createTopic('cut', 4)

/** Null, empty or filled. */
const bytes = () => [null, Buffer.alloc(0), Buffer.alloc(1 + random(300), 7)][random(3)]

/** As packed in blocks. */
function headers() {
  const count = random(4)
  if (count === 0) return undefined
  const parts = [Buffer.from(new Uint32Array([count]).buffer)]
  for (let i = 0; i < count; i++) {
    const name = Buffer.from(`é${i}`)
    const value = bytes()
    parts.push(Buffer.from(new Uint32Array([name.length]).buffer), name)
    parts.push(Buffer.from(new Int32Array([value?.length ?? -1]).buffer), value ?? Buffer.alloc(0))
  }
  return Buffer.concat(parts)
}

let sent = 0
let reported = 0

function open() {
  let expected = 0
  const producer = openProducer(
    { 'bootstrap.servers': cluster.bootstrapServers, 'enable.idempotence': random(2) === 0, 'linger.ms': random(5) },
    () => {
      const taken = producer.take()
      if (taken === undefined) return
      reported += taken.tokens.length
      for (const token of taken.tokens) if (token >= expected) throw new Error(`token ${token} was never sent`)
    },
  )
  return {
    producer,
    send: () => {
      if (producer.send('cut', random(5) - 1, bytes(), bytes(), headers(), 0, expected++) === 0) sent++
    },
  }
}

try {
  for (let round = 0; round < rounds; round++) {
    const { producer, send } = open()
    for (let i = random(500); i > 0; i--) send()
    await turns(random(100))
    if (random(3) === 0) producer.purge()
    for (let i = random(20); i > 0; i--) send()
    const closed = producer.close()
    send()
    if (random(2) === 0) await closed
    if (random(4) === 0) globalThis.gc?.()
  }
  process.stdout.write(`${JSON.stringify({ rounds, seed, sent, reported, verdict: 'ok' })}\n`)
} catch (error) {
  process.stdout.write(
    `${JSON.stringify({ rounds, seed, sent, reported, verdict: 'failed', reason: String(error?.stack ?? error) })}\n`,
  )
  process.exitCode = 1
}
// On purpose without closing: the process ends with a producer that is sending, and with the mock brokers running.
const last = open()
for (let i = 0; i < 1_000; i++) last.send()
await turns(5)
process.exit(process.exitCode)

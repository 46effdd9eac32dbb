// @ts-check
/**
 * The launcher with real brokers: `node --test compose/test/real-kafka.e2e.mjs` (Java 17, about a minute).
 * Apart from the other tests because it needs a JVM's worth of memory and time.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { freePorts, isPortFree } from '../kafka/ports.mjs'
import { knownBrokers } from '../kafka/readiness.mjs'
import { startKafka } from '../kafka.mjs'

const compose = join(import.meta.dirname, '..')

/** @param {string} servers */
const portsOf = (servers) => servers.split(',').map((server) => Number(server.split(':')[1]))

/** @param {string[]} args @returns {Promise<{ code: number, out: string, err: string }>} */
const node = (...args) =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { env: { ...process.env, KAFKA_BOOTSTRAP: '' } }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err })
    })
  })

/** @param {() => Promise<boolean>} condition @param {string} what */
async function eventually(condition, what, ms = 20_000) {
  for (const deadline = Date.now() + ms; !(await condition()); await delay(50)) {
    assert.ok(Date.now() < deadline, `${what}: not within ${ms} ms`)
  }
}

/** A dead child whose parent has not looked yet is no longer alive. @param {number} pid */
async function isAlive(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat !== undefined && !/\) [ZX] /.test(stat)
}

test('three brokers: one is killed, restarted, paused and resumed, and the others notice', async () => {
  const kafka = await startKafka({ brokers: 3 })
  try {
    const ports = portsOf(kafka.bootstrapServers)
    assert.deepEqual(await Promise.all(ports.map((port) => knownBrokers(port))), [3, 3, 3])

    await kafka.kill(2)
    assert.equal(kafka.pid(2), undefined)
    assert.equal(await knownBrokers(ports[1]), 0)
    await eventually(async () => (await knownBrokers(ports[0])) === 2, 'broker 1 notices the death of broker 2')

    await kafka.restart(2)
    assert.deepEqual(await Promise.all(ports.map((port) => knownBrokers(port))), [3, 3, 3])

    kafka.pause(3)
    // The signal is on its way when `pause` returns: a thread of the broker may still answer one request.
    await eventually(async () => (await knownBrokers(ports[2], 500)) === 0, 'broker 3 falls silent')
    kafka.resume(3)
    await eventually(async () => (await knownBrokers(ports[2])) === 3, 'broker 3 answers again')

    await kafka.term(1)
    await eventually(async () => (await knownBrokers(ports[1])) === 2, 'broker 2 notices the end of broker 1')
    assert.throws(() => kafka.pause(1), /broker 1 is not running/)
  } finally {
    await kafka.stop()
  }
  for (const port of portsOf(kafka.bootstrapServers)) assert.ok(await isPortFree(port))
  assert.ok(!existsSync(kafka.dir), 'the temporary data are removed')
})

test('a broker dies with the process that started it, even by SIGKILL', {
  skip: process.platform !== 'linux',
}, async () => {
  const script = `import { startKafka } from ${JSON.stringify(join(compose, 'kafka.mjs'))}
    const kafka = await startKafka({ dir: process.argv[1] })
    console.log(kafka.pid(1)); setInterval(() => {}, 1e6)`
  const dir = await mkdtemp(join(tmpdir(), 'zk-kafka-orphan-'))
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output] = await once(parent.stdout, 'data')
  const pid = Number(output)
  assert.ok(await isAlive(pid))
  parent.kill('SIGKILL')
  await eventually(async () => !(await isAlive(pid)), 'the broker is gone')
  await rm(dir, { recursive: true })
})

test('a broker that cannot start is an error that ends with its log', async () => {
  const start = startKafka({ config: { 'log.retention.hours': 'never' } })
  await assert.rejects(start, /log\.retention\.hours/)
})

test('up, status and down keep one broker across commands', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'zk-kafka-cli-'))
  const [port] = await freePorts(1)
  /** @param {string[]} args */
  const cli = (...args) => node(join(compose, 'cli.mjs'), ...args, '--json', '--dir', dir)
  try {
    assert.equal((await cli('status')).code, 3)
    const first = await cli('up', '--port', String(port))
    assert.equal(first.code, 0, first.err)
    const up = JSON.parse(first.out)
    assert.equal(up.bootstrapServers, `127.0.0.1:${port}`)
    assert.deepEqual(JSON.parse((await cli('status')).out), {
      running: true,
      ready: true,
      bootstrapServers: up.bootstrapServers,
      pid: up.pid,
      log: up.log,
    })
    assert.equal(JSON.parse((await cli('up', '--port', String(port))).out).started, false)
    const taken = await node(join(compose, 'cli.mjs'), 'up', '--port', String(port), '--dir', join(dir, 'other'))
    assert.equal(taken.code, 1)
    assert.match(taken.err, /Port \d+ is taken/)
    assert.deepEqual(JSON.parse((await cli('down')).out), { stopped: true })
  } finally {
    // After a failure above it may still run; after none this does nothing.
    await cli('down')
  }
  assert.ok(await isPortFree(port))
  assert.ok(!existsSync(dir))
})

test('up --registry adds a registry to the Kafka that runs, and down takes both away', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'zk-kafka-cli-'))
  const [port, registryPort] = await freePorts(2)
  const ports = ['--port', String(port), '--registry-port', String(registryPort)]
  /** @param {string[]} args */
  const cli = (...args) => node(join(compose, 'cli.mjs'), ...args, '--json', '--dir', dir)
  try {
    assert.equal((await cli('up', ...ports)).code, 0)
    const { code, out, err } = await cli('up', '--registry', ...ports)
    assert.equal(code, 0, err)
    const { started, registry } = JSON.parse(out)
    assert.equal(started, false)
    assert.equal(registry.url, `http://127.0.0.1:${registryPort}/apis/ccompat/v7`)
    assert.deepEqual(await (await fetch(`${registry.url}/subjects`)).json(), [])
    const status = await cli('status')
    assert.equal(status.code, 0)
    assert.equal(JSON.parse(status.out).registry.ready, true)
    assert.equal(JSON.parse((await cli('up', '--registry', ...ports)).out).registry.started, false)

    process.kill(registry.pid, 'SIGSTOP')
    assert.equal((await cli('status')).code, 3)
    assert.deepEqual(JSON.parse((await cli('down')).out), { stopped: true })
    assert.ok(!(await isAlive(registry.pid)))
  } finally {
    await cli('down')
  }
  assert.ok(await isPortFree(registryPort))
  assert.ok(!existsSync(dir))
})

test('run-with-kafka gives the command a cluster, its exit code to us, and leaves nothing behind', async () => {
  const probe = 'console.log(process.env.KAFKA_BOOTSTRAP); process.exitCode = 7'
  const { code, out } = await node(join(compose, 'run-with-kafka.mjs'), '--', process.execPath, '-e', probe)
  assert.equal(code, 7)
  const [port] = portsOf(out.trim())
  assert.ok(port > 0)
  assert.ok(await isPortFree(port))
})

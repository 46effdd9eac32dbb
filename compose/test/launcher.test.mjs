// @ts-check
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { brokerProperties, toPropertiesFile } from '../kafka/config.mjs'
import { freePorts, isPortFree } from '../kafka/ports.mjs'
import { brokersIn, knownBrokers } from '../kafka/readiness.mjs'
import { javaMajor } from '../kafka/requirements.mjs'

const compose = join(import.meta.dirname, '..')
/** @type {string} */
let dir

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'zk-launcher-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

/**
 * @param {string} script
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 * @returns {Promise<{ code: number, out: string, err: string }>}
 */
function run(script, args, env = {}) {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env } }
    execFile(process.execPath, [join(compose, script), ...args], options, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err })
    })
  })
}

/** A PATH with nothing on it but a command that prints a text. @param {Record<string, string>} commands */
function pathWith(commands) {
  for (const [name, text] of Object.entries(commands)) {
    const file = join(dir, name)
    writeFileSync(file, `#!/bin/sh\necho '${text}' >&2\n`)
    chmodSync(file, 0o755)
  }
  symlinkSync('/bin/sh', join(dir, 'sh'))
  return dir
}

describe('what the machine lacks', () => {
  test('no java: says what to install, and how to do without', async () => {
    const { code, err } = await run('cli.mjs', ['up', '--dir', join(dir, 'data')], { PATH: pathWith({}) })
    expect(code).toBe(1)
    expect(err).toMatch(/no `java` on the PATH.*openjdk-17.*docker compose/)
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  test('java too old: says which one was found', async () => {
    const PATH = pathWith({ java: 'openjdk version "11.0.21" 2023-10-17' })
    const { code, err } = await run('cli.mjs', ['up', '--dir', join(dir, 'data')], { PATH })
    expect(code).toBe(1)
    expect(err).toMatch(/needs Java 17, and `java` is 11\./)
  })

  test('no Maven and no jars yet: says so before anything starts', async () => {
    const PATH = pathWith({ java: 'openjdk version "17.0.15" 2025-04-15' })
    const { code, err } = await run('cli.mjs', ['up', '--dir', join(dir, 'data')], { PATH, HOME: dir })
    expect(code).toBe(1)
    expect(err).toMatch(/no `mvn` on the PATH.*apt-get install maven/)
  })

  test('no Maven and no schema registry yet: says what is missing, and leaves the command out', async () => {
    const env = { KAFKA_BOOTSTRAP: 'x:1', HOME: dir, PATH: pathWith({ java: 'openjdk version "17.0.15" 2025-04-15' }) }
    const { code, out, err } = await run('run-with-kafka.mjs', ['--registry', '--', process.execPath, '-p', '1'], env)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^Apicurio Registry is fetched.*no `mvn` on the PATH/)
  })

  test.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_392"', 8],
    ['openjdk version "21" 2023-09-19', 21],
    ['openjdk version "25-ea" 2025-09-16', 25],
    ['no java here', undefined],
  ])('%s is Java %s', (text, major) => {
    expect(javaMajor(text)).toBe(major)
  })
})

describe('commands', () => {
  test.each([[[]], [['sideways']], [['up', 'down']]])('%j is wrong usage', async (args) => {
    expect(await run('cli.mjs', args)).toMatchObject({ code: 2, err: expect.stringContaining('up     [--port 9092]') })
  })

  test('a port that is none is refused', async () => {
    const { code, err } = await run('cli.mjs', ['up', '--port', '70000', '--dir', join(dir, 'data')])
    expect({ code, err }).toEqual({ code: 1, err: '--port is a number from 1 to 65535, not 70000\n' })
  })

  test('down without an up is no error', async () => {
    expect(await run('cli.mjs', ['down', '--json', '--dir', join(dir, 'data')])).toMatchObject({
      code: 0,
      out: '{"stopped":false}\n',
    })
  })

  test('down does not touch a process that got the number of a Kafka long gone', async () => {
    const stranger = spawn(process.execPath, ['-e', 'console.log("here"); setInterval(() => {}, 1e6)'])
    await once(stranger.stdout, 'data')
    const state = { bootstrapServers: '127.0.0.1:1', pid: stranger.pid, log: '' }
    writeFileSync(join(dir, 'running.json'), JSON.stringify(state))
    expect(await run('cli.mjs', ['down', '--keep', '--json', '--dir', dir])).toMatchObject({
      out: '{"stopped":false}\n',
    })
    stranger.kill('SIGUSR2')
    expect(await once(stranger, 'exit')).toEqual([null, 'SIGUSR2'])
  })

  test('run-with-kafka uses the cluster that is named, and passes the exit code on', async () => {
    const env = { KAFKA_BOOTSTRAP: 'somewhere:1', PATH: pathWith({}) }
    const args = ['--', process.execPath, '-e', 'console.log(process.env.KAFKA_BOOTSTRAP); process.exit(9)']
    expect(await run('run-with-kafka.mjs', args, env)).toEqual({ code: 9, out: 'somewhere:1\n', err: '' })
  })

  test('run-with-kafka uses the schema registry that is named', async () => {
    const env = { KAFKA_BOOTSTRAP: 'x:1', SCHEMA_REGISTRY_URL: 'http://somewhere', PATH: pathWith({}) }
    const args = ['--registry', '--', process.execPath, '-p', 'process.env.SCHEMA_REGISTRY_URL']
    expect(await run('run-with-kafka.mjs', args, env)).toEqual({ code: 0, out: 'http://somewhere\n', err: '' })
  })

  test('run-with-kafka tells a command’s death by a signal as a shell does', async () => {
    const args = ['--', process.execPath, '-e', 'process.kill(process.pid, "SIGKILL")']
    expect((await run('run-with-kafka.mjs', args, { KAFKA_BOOTSTRAP: 'x:1' })).code).toBe(137)
  })

  test('run-with-kafka without a command is wrong usage', async () => {
    expect((await run('run-with-kafka.mjs', [], { KAFKA_BOOTSTRAP: 'x:1' })).code).toBe(2)
  })
})

describe('configuration', () => {
  const ports = [1, 2, 3].map((n) => ({ client: 9000 + n, internal: 9100 + n, controller: 9200 + n }))

  test('topics are never created by accident, and groups form without delay', () => {
    const properties = brokerProperties({ id: 1, ports: [ports[0]], dataDir: '/d', overrides: {} })
    expect(properties).toMatchObject({ 'auto.create.topics.enable': false, 'group.initial.rebalance.delay.ms': 0 })
  })

  test('three brokers keep three copies and write with two; one keeps one', () => {
    const of = (/** @type {number} */ n) =>
      brokerProperties({ id: 1, ports: ports.slice(0, n), dataDir: '/d', overrides: {} })
    expect(of(3)).toMatchObject({ 'default.replication.factor': 3, 'min.insync.replicas': 2 })
    expect(of(1)).toMatchObject({ 'default.replication.factor': 1, 'min.insync.replicas': 1 })
  })

  test('listens on loopback only', () => {
    const { listeners } = brokerProperties({ id: 2, ports, dataDir: '/d', overrides: {} })
    expect(listeners).toBe('CLIENT://127.0.0.1:9002,INTERNAL://127.0.0.1:9102,CONTROLLER://127.0.0.1:9202')
  })

  test('the Kafka of docker-compose.yml is configured as the launcher’s, but for where it listens', () => {
    const text = readFileSync(join(compose, 'docker-compose.yml'), 'utf8')
    const lines = [...text.matchAll(/^ {6}KAFKA_(\w+): (.*)$/gm)].map(([, name, value]) => [
      name.toLowerCase().replaceAll('_', '.'),
      value.replaceAll('"', ''),
    ])
    const places = ['controller.quorum.voters', 'listeners', 'advertised.listeners', 'log.dirs']
    const own = brokerProperties({ id: 1, ports: [ports[0]], dataDir: '/d', overrides: {} })
    const without = (/** @type {[string, unknown][]} */ entries) =>
      Object.fromEntries(entries.filter(([name]) => !places.includes(name)).map(([name, value]) => [name, `${value}`]))
    expect(without(/** @type {[string, string][]} */ (lines))).toEqual(without(Object.entries(own)))
  })

  test('overrides win', () => {
    const properties = brokerProperties({ id: 1, ports, dataDir: '/d', overrides: { 'num.partitions': 3 } })
    expect(toPropertiesFile(properties)).toContain('\nnum.partitions=3\n')
  })
})

describe('ports and readiness', () => {
  test('a port that is meant for something else is not chosen', async () => {
    const all = Array.from({ length: 12_000 }, (_, i) => 20_000 + i)
    const [left] = await freePorts(1)
    expect(
      await freePorts(
        1,
        all.filter((port) => port !== left),
      ),
    ).toEqual([left])
  })

  test('free ports differ and are free; a taken one is not', async () => {
    const ports = await freePorts(20)
    expect(new Set(ports).size).toBe(20)
    // Systems hand out ports from 32768 (Linux) or 49152 on to outgoing connections.
    expect(Math.max(...ports)).toBeLessThan(32_768)
    const server = createServer().listen(ports[0], '127.0.0.1')
    await once(server, 'listening')
    expect(await isPortFree(ports[0])).toBe(false)
    server.close()
    await once(server, 'close')
    expect(await isPortFree(ports[0])).toBe(true)
  })

  /** @param {(socket: import('node:net').Socket) => void} serve @param {(port: number) => Promise<void>} body */
  async function withServer(serve, body) {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => serve(socket))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await body(/** @type {import('node:net').AddressInfo} */ (server.address()).port)
    server.close()
  }

  const answer = Buffer.from([0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 3, 9, 9, 9, 9])

  test('reads the number of brokers out of an answer', async () => {
    await withServer(
      (socket) => socket.write(answer),
      async (port) => expect(await knownBrokers(port)).toBe(3),
    )
  })

  test('an answer of which a part is still to come says nothing', () => {
    for (let part = 0; part < answer.length; part++) expect(brokersIn(answer.subarray(0, part))).toBeUndefined()
    expect(brokersIn(answer)).toBe(3)
  })

  test('nobody there, a closed connection and silence all mean: no broker', async () => {
    const [port] = await freePorts(1)
    expect(await knownBrokers(port)).toBe(0)
    await withServer(
      (socket) => void socket.end(),
      async (p) => expect(await knownBrokers(p)).toBe(0),
    )
    await withServer(
      () => {},
      async (p) => expect(await knownBrokers(p, 50)).toBe(0),
    )
  })
})

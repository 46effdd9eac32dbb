/** SASL over TLS and mutual TLS on a real Kafka: what may come in reads and writes, what may not is told why, and no secret is told. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type Client, type ClientInput, createClient, type OAuthToken, type WorkInput } from '@zk/runtime'
import { afterEach, describe, expect, test } from 'vitest'
import { recorder, Stage } from './stage.js'
import { stage } from './the-stage.js'
import { eventually } from './waiting.js'
import type { Printed } from './zk.js'
import { Zk } from './zk.js'

interface Secure {
  saslServers: string
  mtlsServers: string
  certificates: Record<
    'ca' | 'clientCert' | 'clientKey' | 'encryptedKey' | 'passphrase' | 'strangerCa' | 'strangerCert' | 'strangerKey',
    string
  >
  user: { username: string; password: string }
}

/** Of compose/run-with-kafka.mjs; a Kafka that somebody else started has no such listeners. */
const secure = process.env.KAFKA_SECURE === undefined ? undefined : (JSON.parse(process.env.KAFKA_SECURE) as Secure)

/** A start that fails does so within this, so that a supervisor learns of it. */
const START_MS = 15_000
const WRONG = 'wrong-password-77c0'
const silent = Object.fromEntries(
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, () => {}]),
) as never
const refuses = new URL('./processors/refuses.mjs', import.meta.url)

/** A JWT without a signature, which Kafka's own check takes. */
function token(lifetimeMs: number, name = 'alice'): OAuthToken {
  const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url')
  const now = Date.now() / 1_000
  return { value: `${part({ alg: 'none' })}.${part({ sub: name, iat: now, exp: now + lifetimeMs / 1_000 })}.` }
}

type Way = Pick<WorkInput, 'bootstrapServers' | 'sasl' | 'tls'>

describe.skipIf(secure === undefined)('a Kafka with security', () => {
  const { saslServers, mtlsServers, certificates, user } = secure ?? ({ certificates: {} } as Secure)
  const { ca, clientCert, clientKey, encryptedKey, passphrase, strangerCa, strangerCert, strangerKey } = certificates
  const sasl = (fields: WorkInput['sasl'], tls: WorkInput['tls'] = { ca }): Way => ({
    ...{ bootstrapServers: saslServers?.split(','), sasl: fields, tls },
  })
  const mtls = (tls: WorkInput['tls']): Way => ({ bootstrapServers: mtlsServers?.split(','), tls })

  const ways: [string, () => Way][] = [
    ['PLAIN', () => sasl({ mechanism: 'plain', ...user })],
    ['SCRAM-SHA-256', () => sasl(user)],
    ['SCRAM-SHA-512', () => sasl({ mechanism: 'scram-sha-512', ...user })],
    ['OAUTHBEARER', () => sasl({ token: () => token(60_000) })],
    ['mutual TLS', () => mtls({ ca, cert: clientCert, key: encryptedKey, passphrase })],
  ]

  test.each(ways)('%s: reads, commits and writes dead letters', async (_, way) => {
    const { letters, summary } = await worked(stage, way())
    expect(summary).toMatchObject({ reason: 'drained', processed: 4, deadLettered: 4, committed: 4 })
    expect(letters.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('without the addon: the same with a token', async () => {
    const { letters } = await worked(stage, sasl({ token: () => token(60_000) }), { reader: 'portable' })
    expect(letters).toHaveLength(4)
  })

  /** Writes a record and waits for its dead letter, again and again. */
  async function busyFor(ms: number, token: () => OAuthToken) {
    const [topic, dlt] = [await stage.topic(1), await stage.topic(1)]
    const work = { topic, deadLetterTopic: dlt, circuitBreaker: false as const, speedup: 1, processor: refuses }
    const play = stage.play({ ...sasl({ token }), ...work })
    await play.assigned()
    const started = Date.now()
    for (let sent = 1; Date.now() - started < ms; sent++) {
      await stage.produce(topic, [{ key: `k${sent}` }])
      await eventually(() => play.work.state()!.counters.deadLettered === sent)
    }
    expect(await play.drain()).toMatchObject({ reason: 'drained' })
    return play.log.all.filter(({ level, message }) => level !== 'info' && !message.startsWith('The handler failed'))
  }

  // The brokers cut off whoever does not come back with another token.
  test('a token that ends every two seconds is renewed, for reading and for writing, and nobody notices', async () => {
    let asked = 0
    const problems = await busyFor(6_000, () => {
      asked++
      return token(2_000)
    })
    expect(asked).toBeGreaterThanOrEqual(4)
    expect(problems).toEqual([])
  })

  test('while an identity provider is away a work goes on with the old token, and past its end it waits for the next', async () => {
    const asked: number[] = []
    const problems = await busyFor(7_500, () => {
      asked.push(Date.now())
      if (asked.length > 1 && asked.length < 5) throw new Error('the identity provider is away')
      return token(asked.length === 1 ? 2_000 : 60_000)
    })
    expect(asked).toHaveLength(5)
    const renewals = problems.filter(({ message }) => message.startsWith('The OAUTHBEARER token could not be renewed'))
    expect(renewals.map(({ fields }) => fields.reason)).toEqual(Array(3).fill('the identity provider is away'))
  })

  test('PEM as text does as well as paths, and brokers are trusted by name or not at all', async () => {
    const { readFileSync } = await import('node:fs')
    const [caText, cert, key] = [ca, clientCert, clientKey].map((path) => readFileSync(path, 'utf8'))
    const { letters } = await worked(stage, mtls({ ca: caText, cert, key }))
    expect(letters).toHaveLength(4)
    const blind = await worked(stage, sasl(user, { verifyCertificate: false }))
    expect(blind.letters).toHaveLength(4)
  })

  const refusals: [string, () => Way, string, RegExp][] = [
    [
      'PLAIN with a wrong password',
      () => sasl({ mechanism: 'plain', ...user, password: WRONG }),
      'ZK_BROKER_AUTH',
      /authentication/i,
    ],
    [
      'SCRAM-SHA-256 with a wrong password',
      () => sasl({ ...user, password: WRONG }),
      'ZK_BROKER_AUTH',
      /invalid credentials|authentication/i,
    ],
    [
      'SCRAM-SHA-512 with a wrong password',
      () => sasl({ mechanism: 'scram-sha-512', ...user, password: WRONG }),
      'ZK_BROKER_AUTH',
      /invalid credentials|authentication/i,
    ],
    [
      'SCRAM-SHA-512 with an unknown user',
      () => sasl({ mechanism: 'scram-sha-512', username: 'mallory', password: WRONG }),
      'ZK_BROKER_AUTH',
      /authentication/i,
    ],
    [
      'OAUTHBEARER with a token that is none',
      () => sasl({ token: () => ({ value: WRONG, lifetimeMs: 60_000 }) }),
      'ZK_BROKER_AUTH',
      /OAUTHBEARER|authentication|invalid_token/i,
    ],
    [
      'OAUTHBEARER with a callback that fails',
      () => sasl({ token: () => Promise.reject(new Error('no such client')) }),
      'ZK_SASL_TOKEN',
      /no such client/,
    ],
    ['mutual TLS without a certificate', () => mtls({ ca }), 'ZK_BROKER_AUTH', /certificate/i],
    [
      'mutual TLS with the certificate of a stranger',
      () => mtls({ ca, cert: strangerCert, key: strangerKey }),
      'ZK_BROKER_AUTH',
      /certificate|unknown ca/i,
    ],
    [
      'mutual TLS with a wrong passphrase',
      () => mtls({ ca, cert: clientCert, key: encryptedKey, passphrase: WRONG }),
      'ZK_TLS_INVALID',
      /passphrase does not open it/,
    ],
    [
      'brokers of another authority',
      () => sasl(user, { ca: strangerCa }),
      'ZK_BROKER_AUTH',
      /certificate verify failed/,
    ],
  ]

  test.concurrent.each(refusals)(
    '%s: a clear error within 15 s, and nothing is consumed',
    async (_, way, code, text) => {
      // The shared one is cleared when one of these ends.
      const own = Stage.on(stage.bootstrapServers)
      const topic = await own.topic(1)
      const dlt = await own.topic(1)
      await own.produce(topic, [{ key: 'a' }])
      const journal = own.journal()
      const started = performance.now()
      const options = { topic, deadLetterTopic: dlt, processorOptions: { journal: journal.path } }
      const play = own.play({ ...way(), ...options, speedup: 1, processor: recorder })
      const { error } = await play.ended
      expect(performance.now() - started).toBeLessThan(START_MS)
      expect(error).toMatchObject({ code, exitCode: 1 })
      expect(error!.message).toMatch(text)
      expect(journal.starts()).toEqual([])
      expect(await own.committed(play.groupId, topic)).toEqual([-1])
      expect(inspect([error, play.log.all, play.work.state()], { depth: 9 })).not.toContain(WRONG)
      await own.close()
    },
  )

  describe.each(['auto', 'portable'] as const)('readers and writers of a client (%s)', (by) => {
    const opened: Client[] = []
    const open = (way: Way) => {
      const client = createClient({ ...(way as ClientInput), logger: silent })
      opened.push(client)
      return client
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((client) => client.close()))
    })

    test.each(ways)('%s: what is written is read', async (_, way) => {
      const topic = await stage.topic(1)
      const client = open(way())
      await client.writer({ topic, producer: by }).write('hello')
      const message = await client.reader({ topic, groupId: topic, reader: by }).read()
      expect(message!.value!.toString()).toBe('hello')
      message!.done()
    })

    test.concurrent.each([
      ['PLAIN', () => sasl({ mechanism: 'plain', ...user, password: WRONG })],
      ['SCRAM-SHA-256', () => sasl({ ...user, password: WRONG })],
      ['SCRAM-SHA-512', () => sasl({ mechanism: 'scram-sha-512', ...user, password: WRONG })],
    ] as const)(
      '%s with a wrong password: a clear error within 15 s, for the one and for the other',
      async (_, way) => {
        const client = createClient({ ...(way() as ClientInput), logger: silent })
        const started = performance.now()
        const refused = { code: 'ZK_BROKER_AUTH', message: expect.stringMatching(/authentication|credentials/i) }
        await Promise.all([
          expect(client.writer({ topic: 't', producer: by }).write('x')).rejects.toMatchObject(refused),
          expect(client.reader({ topic: 't', groupId: 'g', reader: by }).read()).rejects.toMatchObject(refused),
        ])
        expect(performance.now() - started).toBeLessThan(START_MS)
        await client.close()
      },
    )
  })

  describe('the command line', () => {
    const env = () => ({ ZK_SASL_USERNAME: user.username, ZK_SASL_PASSWORD: user.password })
    const where = () => ['--brokers', saslServers, '--tls-ca', ca]

    function zk(args: readonly string[], more: Record<string, string> = env()): Zk {
      const zk = new Zk(args, more)
      stage.alsoEnd(zk)
      return zk
    }
    const all = ({ printed, log }: Zk) => JSON.stringify(printed.all) + log.all.join('\n')

    test('zk run, zk dlt and zk doctor: one file and the environment do for all of them, and nothing tells a secret', async () => {
      const topic = await stage.topic(1)
      const dlt = await stage.topic(1)
      await stage.produce(topic, [{ key: 'a' }, { key: 'b' }])
      const folder = stage.folder()
      const file = join(folder, 'work.json')
      const config = {
        bootstrapServers: { env: 'TEST_BROKERS' },
        sasl: { mechanism: 'scram-sha-512', username: user.username, password: { env: 'TEST_PASSWORD' } },
        tls: { ca },
        groupPrefix: 'team',
        ...{
          topic,
          groupId: topic,
          processor: refuses.pathname,
          speedup: 1,
          deadLetterTopic: dlt,
          circuitBreaker: false,
        },
        additionalProps: { debug: 'all' },
      }
      writeFileSync(file, JSON.stringify(config))
      const own = { TEST_BROKERS: saslServers, TEST_PASSWORD: user.password }
      const run = zk(['run', '--config', file, '--until-end', '--json', '--log-level', 'trace'], own)
      expect((await run.exited).code).toBe(0)
      expect(run.last()).toMatchObject({ event: 'stopped', processed: 2, deadLettered: 2, committed: 2 })
      expect(run.log.all.length, "librdkafka's own lines are among them").toBeGreaterThan(100)

      const ls = zk(['dlt', 'ls', '--config', file, '--topic', dlt, '--json'], own)
      expect((await ls.exited).code).toBe(0)
      expect(ls.last()).toMatchObject({ event: 'end', letters: 2 })
      const doctor = zk(['doctor', ...where(), '--topic', topic, '--group', `team.${topic}`, '--json'])
      expect((await doctor.exited).code).toBe(0)
      const found = (name: string) => doctor.printed.all.find((check: Printed) => String(check.name).startsWith(name))
      expect(found('group')).toMatchObject({ result: 'ok', found: 'has committed offsets' })
      const replay = zk(['dlt', 'replay', ...where(), '--sasl', 'plain', '--topic', dlt, '--execute', '--json'])
      expect((await replay.exited).code).toBe(0)
      const copies = zk(['dlt', 'ls', ...where(), '--topic', topic, '--json'], { ZK_SASL_TOKEN: token(60_000).value })
      expect((await copies.exited).code).toBe(0)
      expect(copies.last()).toMatchObject({ event: 'end', records: 4 })
      for (const one of [run, ls, doctor, replay]) expect(all(one)).not.toContain(user.password)
    })

    test('a wrong password ends each with 1 within 15 s, and is not repeated', async () => {
      const topic = await stage.topic(1)
      const wrong = { ...env(), ZK_SASL_PASSWORD: WRONG }
      const run = [
        'run',
        refuses.pathname,
        ...where(),
        '--topic',
        topic,
        '--group',
        topic,
        '--json',
        '--prop',
        'debug=all',
      ]
      const [runs, ls, doctor] = [
        zk([...run, '--log-level', 'trace'], wrong),
        zk(['dlt', 'ls', ...where(), '--topic', topic, '--json'], wrong),
        zk(['doctor', ...where(), '--json'], wrong),
      ]
      for (const one of [runs, ls, doctor]) {
        const { code, tookMs } = await one.exited
        expect(code).toBe(1)
        expect(tookMs).toBeLessThan(START_MS)
        expect(all(one)).toContain('ZK_BROKER_AUTH')
        expect(all(one)).not.toContain(WRONG)
      }
    })
  })
})

/** Four records that fail, over a work that ends behind them. */
async function worked(on: Stage, way: Way, more: Pick<WorkInput, 'reader'> = {}) {
  const topic = await on.topic(2)
  const dlt = await on.topic(1)
  await on.produce(
    topic,
    ['a', 'b', 'c', 'd'].map((key, i) => ({ key, partition: i % 2 })),
  )
  const work = { topic, deadLetterTopic: dlt, circuitBreaker: false as const, speedup: 1 }
  const play = on.play({ ...way, ...work, ...more, processor: refuses }, { untilEnd: true })
  const summary = await play.run
  const letters = await on.deadLetters(dlt)
  return { summary, letters: letters.toSorted((a, b) => (a.key! < b.key! ? -1 : 1)) }
}

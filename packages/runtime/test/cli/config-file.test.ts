import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readConfigFile } from '../../src/cli/config-file.js'
import { givenConnection } from '../../src/cli/connection-options.js'
import { start } from './zk.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'zk-config-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true })
})

function file(content: unknown, name = 'work.json'): string {
  const path = join(dir, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('a configuration file', () => {
  test('has the fields of the work and of its client side by side', async () => {
    const sasl = { username: 'alice', password: 'p' }
    const path = file({
      bootstrapServers: ['a:1'],
      groupPrefix: 'team',
      sasl,
      topic: 'orders',
      additionalProps: { a: 1 },
    })
    expect(await readConfigFile(path)).toEqual({
      client: { bootstrapServers: ['a:1'], groupPrefix: 'team', sasl },
      work: { topic: 'orders', additionalProps: { a: 1 } },
    })
  })

  test('takes from the environment what it names, anywhere but in the options of the processor', async () => {
    vi.stubEnv('TEST_BROKERS', 'a:1, b:2')
    vi.stubEnv('TEST_PASSWORD', 'hunter2')
    const path = file({
      bootstrapServers: { env: 'TEST_BROKERS' },
      sasl: { username: 'alice', password: { env: 'TEST_PASSWORD' } },
      processorOptions: { stage: { env: 'production' } },
    })
    expect(await readConfigFile(path)).toEqual({
      client: { bootstrapServers: ['a:1', 'b:2'], sasl: { username: 'alice', password: 'hunter2' } },
      work: { processorOptions: { stage: { env: 'production' } } },
    })
  })

  test('has paths that are relative to it', async () => {
    const path = file({
      processor: './p.js',
      hooksModule: 'hooks/audit.js',
      crashJournal: 'marks',
      tls: { ca: 'ca.pem', cert: '/c.pem', key: '-----BEGIN X' },
    })
    expect(await readConfigFile(path)).toEqual({
      client: { tls: { ca: join(dir, 'ca.pem'), cert: '/c.pem', key: '-----BEGIN X' } },
      work: {
        processor: join(dir, 'p.js'),
        hooksModule: join(dir, 'hooks/audit.js'),
        crashJournal: join(dir, 'marks'),
      },
    })
  })

  test('has the path of an object that has more than that, relative to it too', async () => {
    const path = file({ crashJournal: { path: 'marks', deaths: 3 } })
    expect((await readConfigFile(path)).work).toEqual({ crashJournal: { path: join(dir, 'marks'), deaths: 3 } })
  })

  test.each([
    ['work.ts', "const group: string = 'billing'\nexport default { topic: 'orders', groupId: group }\n"],
    ['work.mjs', "export default async () => ({ topic: 'orders', groupId: 'billing' })\n"],
  ])('may be a module: %s', async (name, text) => {
    mkdirSync(join(dir, 'node_modules'))
    file({ name: 'x' }, 'package.json')
    expect(await readConfigFile(file(text, name))).toMatchObject({ work: { topic: 'orders', groupId: 'billing' } })
  })

  test.each([
    ['work.json', undefined, /ENOENT/],
    ['nowhere.ts', undefined, /there is no such file/],
    ['work.json', '{"sasl": {"password": hunter2}}', /Unexpected token/],
    ['work.json', '[]', /it is no object of fields/],
    [
      'work.json',
      '{"sasl": {"password": {"env": "TEST_UNSET"}}}',
      /sasl\.password is that of the environment variable TEST_UNSET, which is not set/,
    ],
    ['work.mjs', 'throw new Error("no vault")', /it failed \(no vault\)/],
    ['work.mjs', 'export default async () => { throw new Error("no vault") }', /it failed \(no vault\)/],
    ['work.mjs', 'export default { get sasl() { throw new Error("no vault") } }', /it failed \(no vault\)/],
  ])('%s with %s is refused', async (name, content, text) => {
    const path = content === undefined ? join(dir, name) : file(content, name)
    const error = await readConfigFile(path).catch((caught: Error) => caught)
    expect(error).toMatchObject({ code: 'ZK_CONFIG_FILE', message: expect.stringMatching(text) })
    expect((error as Error).message).not.toContain('hunter2')
  })
})

describe('flags, environment and file', () => {
  test('flags win over the file', async () => {
    const config = file({
      bootstrapServers: ['a:1'],
      sasl: { mechanism: 'plain', username: 'u', password: 'p' },
      tls: { ca: '/ca' },
    })
    const flags = { config, brokers: ['b:2'], sasl: 'scram-sha-512', tlsCa: '/other', prop: { x: '1' } }
    expect(await givenConnection(flags, 'help')).toEqual({
      client: {
        bootstrapServers: ['b:2'],
        sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
        tls: { ca: '/other' },
      },
      work: { additionalProps: { x: '1' } },
    })
    expect((await givenConnection({ config, sasl: 'none', tls: false }, 'help')).client).toMatchObject({
      sasl: false,
      tls: false,
    })
  })

  test('secrets of the environment win over those of the file, and need none', async () => {
    vi.stubEnv('ZK_SASL_USERNAME', 'bob')
    vi.stubEnv('ZK_SASL_PASSWORD', 'hunter2')
    vi.stubEnv('ZK_TLS_PASSPHRASE', 'open')
    const config = file({ bootstrapServers: ['a:1'], sasl: { mechanism: 'plain', username: 'u', password: 'p' } })
    const bob = { username: 'bob', password: 'hunter2' }
    expect((await givenConnection({ config }, 'help')).client).toMatchObject({
      sasl: { mechanism: 'plain', ...bob },
      tls: { passphrase: 'open' },
    })
    expect((await givenConnection({ brokers: ['a:1'] }, 'help')).client).toMatchObject({ sasl: bob })
    vi.stubEnv('ZK_SASL_TOKEN', 'jwt')
    const { sasl } = (await givenConnection({ brokers: ['a:1'], sasl: 'oauthbearer' }, 'help')).client
    expect(await (sasl as { token: () => unknown }).token()).toEqual({ value: 'jwt' })
  })
})

test('zk run says what neither a flag nor the file gave', async () => {
  const config = file({ bootstrapServers: ['127.0.0.1:1'], processor: './p.js', topic: 't' })
  const { code, stderr } = await start(['run', '--config', config]).ended
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^ZK_CLI_USAGE: required option '--group <id>' not specified, and .*work\.json has no groupId\. See zk run --help/m,
  )
})

test('zk run takes a work of a file, whose mistakes are told by their paths', async () => {
  const config = file({ bootstrapServers: ['127.0.0.1:1'], processor: './p.js', topic: 't', groupId: 'g', speedup: 0 })
  const { code, stderr } = await start(['run', '--config', config]).ended
  expect(code).toBe(1)
  expect(stderr).toContain('speedup: is 0; expected a whole number of threads')
})

test('zk run takes a crash journal, of a file too, with a name that is the same after a restart', async () => {
  const work = {
    bootstrapServers: ['127.0.0.1:1'],
    processor: './p.js',
    topic: 't',
    groupId: 'g',
    crashJournal: 'marks',
  }
  const { code, stderr } = await start(['run', '--config', file(work)]).ended
  expect(code).toBe(1)
  expect(stderr).toMatch(/^ZK_CLI_USAGE: --crash-journal needs --client-id/m)
})

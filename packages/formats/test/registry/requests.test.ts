import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createRegistryRequests,
  type RegistryConfig,
  SchemaRegistry,
  sharedRegistryRequests,
} from '../../src/registry.js'
import { closed, listening, type RegistryServer, startRegistryServer, urlOf } from '../fixtures/registry-server.js'

let server: RegistryServer

beforeEach(async () => {
  server = await startRegistryServer()
})
afterEach(() => server.close())

const requestsTo = (more: Partial<RegistryConfig> = {}) =>
  createRegistryRequests({ url: server.url, retryBackoffMs: 1, ...more })
const schema = JSON.stringify({ schema: '"int"' })

describe('what never changes is asked for once', () => {
  test('a thousand who ask for a schema at the same time, and later, make one request', async () => {
    const requests = requestsTo()
    await requests.request('POST', '/subjects/s/versions?normalize=true', schema)
    const answers = await Promise.all(Array.from({ length: 1000 }, () => requests.request('GET', '/schemas/ids/1')))
    await requests.request('GET', '/schemas/ids/1')
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1)
    expect(server.asked.filter((asked) => asked === 'GET /schemas/ids/1')).toHaveLength(1)
  })

  test('registering and looking up the same schema is one request each; another schema is another', async () => {
    const requests = requestsTo()
    for (let i = 0; i < 3; i++) {
      await requests.request('POST', '/subjects/s/versions', schema)
      await requests.request('POST', '/subjects/s', schema)
    }
    await requests.request('POST', '/subjects/s/versions', JSON.stringify({ schema: '"long"' }))
    expect(server.asked).toEqual(['POST /subjects/s/versions', 'POST /subjects/s', 'POST /subjects/s/versions'])
  })

  test("another's page in its place is not believed for ever", async () => {
    const requests = requestsTo()
    await requests.request('POST', '/subjects/s/versions', schema)
    server.instead.push({ status: 200, body: '<html>' }, { status: 200, body: '"maintenance"' })
    for (const body of ['<html>', '"maintenance"']) {
      expect(await requests.request('GET', '/schemas/ids/1')).toEqual({ status: 200, body })
    }
    expect(JSON.parse((await requests.request('GET', '/schemas/ids/1')).body)).toEqual({ schema: '"int"' })
  })

  test('what is missing is asked for again, for it may come', async () => {
    const requests = requestsTo()
    expect((await requests.request('GET', '/schemas/ids/1')).status).toBe(404)
    await requests.request('POST', '/subjects/s/versions', schema)
    expect((await requests.request('GET', '/schemas/ids/1')).status).toBe(200)
  })

  test('the latest version is believed for its time only, and what is no fact never', async () => {
    const requests = requestsTo({ latestTtlMs: 0 })
    await requests.request('POST', '/subjects/s/versions', schema)
    for (let i = 0; i < 2; i++) {
      await requests.request('GET', '/subjects/s/versions/latest')
      await requests.request('GET', '/subjects')
    }
    expect(server.asked).toHaveLength(5)
    const patient = requestsTo()
    await patient.request('GET', '/subjects/s/versions/latest')
    await patient.request('GET', '/subjects/s/versions/latest')
    expect(server.asked).toHaveLength(6)
  })

  test('a deletion forgets all', async () => {
    const requests = requestsTo()
    await requests.request('POST', '/subjects/s/versions', schema)
    await requests.request('DELETE', '/subjects/s')
    await requests.request('POST', '/subjects/s/versions', schema)
    expect(server.asked).toHaveLength(3)
  })

  test('equal configurations share it, in whatever order their fields are', async () => {
    const auth = { type: 'bearer', token: 't' } as const
    const one = sharedRegistryRequests({ url: server.url, auth })
    expect(sharedRegistryRequests({ auth: { token: 't', type: 'bearer' }, url: server.url })).toBe(one)
    expect(sharedRegistryRequests({ url: server.url })).not.toBe(one)
  })
})

describe('what may succeed later is tried again', () => {
  test.each([429, 500, 503])('%i, up to the last attempt', async (status) => {
    await requestsTo().request('POST', '/subjects/s/versions', schema)
    server.instead.push({ status }, { status }, { status })
    expect((await requestsTo({ retries: 3 }).request('GET', '/schemas/ids/1')).status).toBe(200)
    server.instead.push({ status }, { status }, { status })
    expect((await requestsTo({ retries: 2 }).request('GET', '/schemas/ids/1')).status).toBe(status)
    expect(server.asked).toHaveLength(1 + 4 + 3)
  })

  test('a failure is not remembered', async () => {
    const requests = requestsTo({ retries: 0 })
    server.instead.push({ status: 500 })
    expect((await requests.request('GET', '/schemas/ids/1')).status).toBe(500)
    await requests.request('POST', '/subjects/s/versions', schema)
    expect((await requests.request('GET', '/schemas/ids/1')).status).toBe(200)
  })

  test.each([400, 401, 404, 409, 422])('%i is not', async (status) => {
    server.instead.push({ status })
    expect((await requestsTo().request('GET', '/schemas/ids/1')).status).toBe(status)
    expect(server.asked).toHaveLength(1)
  })

  test('what the server asks to wait is waited for', async () => {
    server.instead.push({ status: 429, headers: { 'retry-after': '1' } })
    const began = performance.now()
    await requestsTo().request('GET', '/subjects')
    expect(performance.now() - began).toBeGreaterThan(990)
  })

  test('nobody at the address, a connection cut off and a server that says nothing are answers with status 0', async () => {
    const silent = createServer((request) => {
      if (request.url === '/cut') request.socket.destroy()
    })
    await listening(silent)
    const url = urlOf(silent)
    const ask = (path: string) => createRegistryRequests({ url, retries: 0, timeoutMs: 100 }).request('GET', path)
    expect(await ask('/cut')).toMatchObject({ status: 0 })
    expect(await ask('/x')).toEqual({ status: 0, body: 'no answer within 100 ms' })
    await closed(silent)
    expect((await ask('/x')).body).toContain('ECONNREFUSED')
  })

  test('an answer without end is cut off', async () => {
    const endless = createServer((_request, response) => {
      const part = Buffer.alloc(1024 * 1024)
      const more = (): void => void response.write(part, (error) => error ?? more())
      more()
    })
    await listening(endless)
    const answer = await createRegistryRequests({ url: urlOf(endless), retries: 0 }).request('GET', '/x')
    expect(answer).toMatchObject({ status: 0, body: expect.stringContaining('larger than') })
    await closed(endless)
  })

  test('a registry that comes back while a request is tried again answers it', async () => {
    const late = createServer((_request, response) => response.end('"here"'))
    await listening(late)
    const { port } = new URL(urlOf(late))
    await closed(late)
    const answer = createRegistryRequests({ url: `http://127.0.0.1:${port}`, retries: 20, retryBackoffMs: 20 }).request(
      'GET',
      '/subjects',
    )
    const again = createServer((_request, response) => response.end('"here"'))
    await new Promise<void>((resolve) => again.listen(Number(port), '127.0.0.1', resolve))
    expect(await answer).toEqual({ status: 200, body: '"here"' })
    await closed(again)
  })
})

describe('credentials', () => {
  test.each<[string, Partial<RegistryConfig>, string | undefined]>([
    ['none', {}, undefined],
    ['basic', { auth: { type: 'basic', username: 'ada', password: 'p:ß' } }, `Basic ${btoa('ada:p:\xc3\x9f')}`],
    ['bearer', { auth: { type: 'bearer', token: 'tok.en' } }, 'Bearer tok.en'],
  ])('%s', async (_what, more, expected) => {
    await requestsTo(more).request('GET', '/subjects')
    expect(server.headers().authorization).toBe(expected)
  })

  test('those of the url are taken as basic, and are in no message', async () => {
    const url = server.url.replace('://', '://ada:s%40cret@')
    server.instead.push({ status: 403, body: '{"error_code":40301,"message":"no"}' })
    const registry = new SchemaRegistry({ url })
    const error = await registry.byId(1).catch((reason: unknown) => reason)
    expect(server.headers().authorization).toBe(`Basic ${btoa('ada:s@cret')}`)
    expect(String(error)).toContain('127.0.0.1')
    expect(String(error)).not.toContain('cret')
    expect(registry.name).not.toContain('ada')
  })

  test('a path in the url is kept', async () => {
    await createRegistryRequests({ url: `${server.url}/apis/ccompat/v7/` }).request('GET', '/subjects')
    expect(server.asked).toEqual(['GET /apis/ccompat/v7/subjects'])
  })
})

describe('a configuration that is not valid is refused, by the name of the field', () => {
  test.each<[string, unknown]>([
    ['registry.url', {}],
    ['registry.url', { url: 'localhost:8081' }],
    ['registry.url has a %', { url: 'http://user:secret%zz@x' }],
    ['registry.url has a password and no user', { url: 'http://:secret@x' }],
    ['registry.auth', { url: 'http://x', auth: { type: 'basic', username: 'a' } }],
    ['registry.auth.token', { url: 'http://x', auth: { type: 'bearer', token: 'secret\n' } }],
    ['registry.tls', { url: 'http://x', tls: {} }],
    ['registry.tls.cert', { url: 'https://x', tls: { cert: 'c' } }],
    ['registry.tls.ca', { url: 'https://x', tls: { ca: '/no/such/file' } }],
    ['registry.tls.key', { url: 'https://x', tls: { cert: '-----BEGIN', key: `MIIEsecret${'A'.repeat(100)}` } }],
    ['registry.retries', { url: 'http://x', retries: -1 }],
    ['registry.timeoutMs', { url: 'http://x', timeoutMs: 0 }],
    ['registry.timeoutMs', { url: 'http://x', timeoutMs: 2 ** 31 }],
    ['registry has no authentication', { url: 'http://x', authentication: { password: 'secret' } }],
  ])('%s', (field, config) => {
    expect(() => createRegistryRequests(config as RegistryConfig)).toThrow(TypeError)
    expect(() => createRegistryRequests(config as RegistryConfig)).toThrow(field)
    expect(() => createRegistryRequests(config as RegistryConfig)).not.toThrow('secret')
  })
})

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zk-registry-'))
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: folder })
  let https: ReturnType<typeof createHttpsServer>

  beforeAll(async () => {
    const days = ['-days', '2', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    openssl('req', '-x509', ...days, '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.pem')
    for (const [name, san] of [
      ['server', 'IP:127.0.0.1'],
      ['client', 'DNS:client'],
    ] as const) {
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', `subjectAltName=${san}`]
      openssl(
        'req',
        '-x509',
        ...days,
        ...signed,
        '-subj',
        `/CN=${name}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.pem`,
      )
    }
    const read = (name: string) => readFileSync(file(name))
    https = createHttpsServer(
      {
        key: read('server.key'),
        cert: read('server.pem'),
        ca: read('ca.pem'),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const { authorized } = request.socket as TLSSocket
        response.end(JSON.stringify([authorized ? 'known' : 'unknown']))
      },
    )
    await listening(https)
  })
  afterAll(async () => {
    await closed(https)
    rmSync(folder, { recursive: true, force: true })
  })

  const ask = (tls?: RegistryConfig['tls']) =>
    createRegistryRequests({ url: urlOf(https, 'https'), retries: 0, ...(tls === undefined ? {} : { tls }) }).request(
      'GET',
      '/subjects',
    )

  test('an authority given as a path or as PEM text is trusted; without it the registry is not', async () => {
    expect(await ask({ ca: file('ca.pem') })).toEqual({ status: 200, body: '["unknown"]' })
    expect((await ask({ ca: readFileSync(file('ca.pem'), 'utf8') })).status).toBe(200)
    expect(await ask()).toMatchObject({ status: 0, body: expect.stringContaining('certificate') })
  })

  test('a client certificate is shown', async () => {
    const tls = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') }
    expect((await ask(tls)).body).toBe('["known"]')
  })
})

test('a time limit that is no whole number is one all the same', async () => {
  expect((await requestsTo({ timeoutMs: 1_500.5 }).request('GET', '/subjects')).status).toBe(200)
})

import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { type HealthSource, serveHealth } from '../../src/health/http-server.js'
import { isLocalRequest } from '../../src/health/loopback.js'
import type { Stall } from '../../src/health/stall.js'
import { healthBeforeRun, type WorkHealth } from '../../src/health/work-health.js'

const well: WorkHealth = { ...healthBeforeRun(), ready: { ok: true, reasons: [] } }
const stall: Stall = {
  ...{ topic: 'orders', partition: 0, watermark: 7, lag: 1, key: 'alice', since: 'today', forMs: 1 },
  cause: { type: 'broker-silent', since: 'today', forMs: 1 },
}

async function served(source: Partial<HealthSource> = {}, host = '127.0.0.1') {
  const normal: HealthSource = { health: () => well, metrics: async () => 'zk_live 1\n', state: () => undefined }
  const server = await serveHealth({ ...normal, ...source }, { host, port: 0 })
  onTestFinished(() => server.close())
  const get = (path: string, { method = 'GET', to = '127.0.0.1', headers = {} } = {}) =>
    new Promise<{ status: number | undefined; type: string | undefined; body: string }>((resolve, reject) => {
      const asked = request({ host: to, port: server.port, path, method, headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text) => {
          body += text
        })
        response.on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], body }))
      })
      asked.on('error', reject).end()
    })
  return { server, get }
}

test('what is well is 200, and what is not is 503 with its reasons', async () => {
  let health = well
  const { get } = await served({ health: () => health })
  expect(await get('/livez')).toMatchObject({ status: 200, type: 'application/json' })
  expect(JSON.parse((await get('/readyz?verbose')).body)).toEqual({ ok: true, reasons: [], stalls: [] })
  health = {
    ...well,
    live: { ok: false, reasons: ['dead'] },
    ready: { ok: false, reasons: ['a', 'b'] },
    stalls: [stall],
  }
  const [live, ready] = [await get('/livez'), await get('/readyz')]
  expect([live.status, ready.status]).toEqual([503, 503])
  expect(JSON.parse(live.body)).toMatchObject({ ok: false, reasons: ['dead'] })
  expect(JSON.parse(ready.body)).toMatchObject({ ok: false, reasons: ['a', 'b'] })
  expect(JSON.parse(ready.body).stalls).toEqual([expect.stringContaining('orders[0] stands at offset 7 (key alice)')])
})

test('metrics are text of Prometheus; paths and methods that there are not', async () => {
  const { get } = await served()
  const { status, type, body } = await get('/metrics')
  expect({ status, type, body }).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: 'zk_live 1\n',
  })
  expect(await get('/metrics', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
  expect((await get('/metrics', { method: 'POST' })).status).toBe(405)
  expect(await get('/')).toMatchObject({
    status: 404,
    body: expect.stringContaining('/livez, /readyz, /metrics, /state'),
  })
})

test('a fault behind a path is 500 without its text', async () => {
  const { get } = await served({
    metrics: async () => {
      throw new Error('password')
    },
  })
  const { status, body } = await get('/metrics')
  expect(status).toBe(500)
  expect(body).not.toContain('password')
})

test('/state and keys of stalls: on a server that listens on loopback alone', async () => {
  const health = { ...well, stalls: [stall] }
  const state = { phase: 'running' } as never
  const local = await served({ state: () => state, health: () => health })
  expect(await local.get('/state')).toMatchObject({ status: 200, body: '{"phase":"running"}\n' })
  const open = await served({ state: () => state, health: () => health }, '0.0.0.0')
  const { status, body } = await open.get('/state')
  expect(status).toBe(403)
  expect(body).not.toContain('running')
  expect((await open.get('/livez')).body).not.toContain('alice')
  expect((await open.get('/metrics')).status).toBe(200)
})

test('/state: only for whoever asks by a name of this machine, which a page in a browser cannot', async () => {
  const { get, server } = await served({ state: () => ({ phase: 'running' }) as never })
  const asked = async (host: string) => (await get('/state', { headers: { host } })).status
  expect(await asked('attacker.example:9400')).toBe(403)
  expect(await asked(`localhost:${server.port}`)).toBe(200)
})

const foreign = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')

test.runIf(foreign !== undefined)('/state: not by another address of this machine', async () => {
  const { get } = await served({ state: () => ({ phase: 'running' }) as never }, '0.0.0.0')
  expect((await get('/state', { to: foreign!.address })).status).toBe(403)
})

const addresses = [
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['::ffff:10.0.0.1', false],
  ['127.0.0.1.example.com', false],
] as const

const local = { bound: '127.0.0.1', peer: '127.0.0.1', host: 'localhost:9400' }

test.each(addresses)(
  'a server that listens on %s, and a peer of that address, are of this machine alone: %s',
  (address, is) => {
    expect(isLocalRequest({ ...local, bound: address })).toBe(is)
    expect(isLocalRequest({ ...local, peer: address })).toBe(is)
    expect(isLocalRequest({ ...local, peer: undefined })).toBe(false)
  },
)

test.each([
  ['localhost', true],
  ['localhost:9400', true],
  ['127.0.0.1:9400', true],
  ['[::1]:9400', true],
  ['localhost.example.com', false],
  ['example.com:9400', false],
  [undefined, false],
])('%s is a name of this machine alone: %s', (host, is) => {
  expect(isLocalRequest({ ...local, host })).toBe(is)
})

test('an address that cannot be had is ZK_HEALTH_PORT', async () => {
  const { server } = await served()
  const again = serveHealth({} as HealthSource, { host: '127.0.0.1', port: server.port })
  await expect(again).rejects.toMatchObject({
    ...{ code: 'ZK_HEALTH_PORT', exitCode: 1, details: { host: '127.0.0.1', port: server.port } },
    message: expect.stringContaining('EADDRINUSE'),
  })
})

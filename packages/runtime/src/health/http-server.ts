/**
 * `/livez`, `/readyz`, `/metrics` and, on loopback only, `/state`, for probes, scrapers and people.
 *
 * Served by the main thread on purpose: while it is blocked nobody answers, which is what a probe should find.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errors } from '../errors.js'
import type { WorkState } from '../work/state.js'
import { isLocalRequest } from './loopback.js'
import { METRICS_CONTENT_TYPE } from './render-metrics.js'
import { describeStall } from './stall.js'
import type { WorkHealth } from './work-health.js'

/** What is served: a work. */
export interface HealthSource {
  health(): WorkHealth
  metrics(): Promise<string>
  state(): WorkState | undefined
}

export interface HealthServer {
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

interface Answer {
  status: number
  type?: string
  body: string
}

const PATHS = ['/livez', '/readyz', '/metrics', '/state']

/** @throws ZkError ZK_HEALTH_PORT when the address cannot be listened on */
export async function serveHealth(
  source: HealthSource,
  { host, port }: { host: string; port: number },
): Promise<HealthServer> {
  const server = createServer((request, response) => void respond(source, server, request, response))
  server.listen({ host, port })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw errors.ZK_HEALTH_PORT(host, port, (error as Error).message, { cause: error })
  }
  // Probes are no reason to go on.
  server.unref()
  const bound = server.address() as AddressInfo
  return {
    host: bound.address,
    port: bound.port,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function respond(source: HealthSource, server: Server, request: IncomingMessage, response: ServerResponse) {
  const { status, type = 'application/json', body } = await answer(source, server, request)
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function answer(source: HealthSource, server: Server, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET and HEAD' })
  try {
    switch (request.url?.split('?')[0]) {
      case '/livez':
        return verdict('live', source.health(), isLocal(server, request))
      case '/readyz':
        return verdict('ready', source.health(), isLocal(server, request))
      case '/metrics':
        return { status: 200, type: METRICS_CONTENT_TYPE, body: await source.metrics() }
      case '/state':
        return isLocal(server, request)
          ? json(200, source.state() ?? null)
          : json(403, { error: '/state is served on loopback only: bind to 127.0.0.1 and ask from this machine' })
      default:
        return json(404, { error: `there is ${PATHS.join(', ')}` })
    }
  } catch {
    // Its text is not for whoever can reach the port.
    return json(500, { error: 'the answer could not be made' })
  }
}

function isLocal(server: Server, { socket, headers }: IncomingMessage): boolean {
  const { address } = server.address() as AddressInfo
  return isLocalRequest({ bound: address, peer: socket.remoteAddress, host: headers.host })
}

/** Stalls name keys, which are nobody's business beyond this machine. */
function verdict(of: 'live' | 'ready', health: WorkHealth, local: boolean): Answer {
  const { ok, reasons } = health[of]
  return json(ok ? 200 : 503, { ok, reasons, ...(local ? { stalls: health.stalls.map(describeStall) } : {}) })
}

function json(status: number, body: unknown): Answer {
  return { status, body: `${JSON.stringify(body)}\n` }
}

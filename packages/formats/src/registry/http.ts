/**
 * One request to a registry over HTTP.
 *
 * On node:http(s) and not on fetch: the fetch of Node takes no certificates without a second copy of undici, and costs
 * more to start (measured on Node 20.20: see README, "Cost").
 */

import { readFileSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import { isBareKey } from '../bare-key.js'
import { FormatOptionError } from '../format-option-error.js'
import { messageOf } from '../message-of.js'
import type { RegistryTls, ResolvedRegistryConfig } from './config.js'

export interface HttpAnswer {
  /** 0 when there was none; then `body` says why. */
  readonly status: number
  readonly body: string
  /** What the server asks for in `retry-after`, in milliseconds. */
  readonly retryAfterMs?: number
}

export type Transport = (method: string, path: string, body: string | undefined) => Promise<HttpAnswer>

/** Schemas are far smaller; more than this is something else, and no reason to run out of memory. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'

/** @throws FormatOptionError when a file of certificates cannot be read. */
export function httpTransport(config: ResolvedRegistryConfig): Transport {
  const tls = config.url.protocol === 'https:' ? readTls(config.tls) : {}
  const client = loadClient(config.url.protocol, tls)
  return async (method, path, body) => {
    const { request, agent } = await client
    return new Promise((resolve) => {
      const fail = (why: unknown) => resolve({ status: 0, body: messageOf(why) })
      const payload = body === undefined ? undefined : Buffer.from(body, 'utf8')
      const outgoing = request(
        `${config.url.href.replace(/\/$/, '')}${path}`,
        {
          method,
          agent,
          signal: AbortSignal.timeout(Math.ceil(config.timeoutMs)),
          headers: {
            accept: `${CONTENT_TYPE}, application/json`,
            ...(config.authorization === undefined ? {} : { authorization: config.authorization }),
            ...(payload === undefined ? {} : { 'content-type': CONTENT_TYPE, 'content-length': payload.length }),
          },
        },
        (incoming) => {
          const parts: Buffer[] = []
          let size = 0
          incoming.on('data', (part: Buffer) => {
            size += part.length
            if (size > MAX_ANSWER_BYTES)
              incoming.destroy(new Error(`its answer is larger than ${MAX_ANSWER_BYTES} bytes`))
            else parts.push(part)
          })
          incoming.on('error', fail)
          incoming.on('end', () => {
            const retryAfterMs = Number(incoming.headers['retry-after']) * 1000
            resolve({
              status: incoming.statusCode ?? 0,
              body: Buffer.concat(parts).toString('utf8'),
              ...(retryAfterMs >= 0 ? { retryAfterMs } : {}),
            })
          })
        },
      )
      outgoing.on('error', (error) =>
        fail(
          error.name === 'AbortError' || error.name === 'TimeoutError'
            ? `no answer within ${config.timeoutMs} ms`
            : error,
        ),
      )
      outgoing.end(payload)
    })
  }
}

/** Loaded at the first request: a thread whose requests are made elsewhere needs neither. */
async function loadClient(protocol: string, tls: SecureContextOptions) {
  const options = { keepAlive: true, maxSockets: 8, ...tls }
  if (protocol === 'https:') {
    const https = await import('node:https')
    return { request: https.request, agent: new https.Agent(options) }
  }
  const http = await import('node:http')
  return { request: http.request, agent: new http.Agent(options) }
}

function readTls(tls: RegistryTls | undefined): SecureContextOptions {
  if (tls === undefined) return {}
  const { ca, cert, key, passphrase } = tls
  return {
    ...(ca === undefined ? {} : { ca: pem('ca', ca) }),
    ...(cert === undefined ? {} : { cert: pem('cert', cert) }),
    ...(key === undefined ? {} : { key: pem('key', key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
}

/** PEM text has dashes and line ends; a path has neither as PEM has them. */
function pem(field: string, textOrPath: string): string {
  if (textOrPath.includes('-----BEGIN')) return textOrPath
  if (isBareKey(textOrPath)) {
    throw new FormatOptionError(`registry.tls.${field} is base64 without the line -----BEGIN … before it`)
  }
  try {
    return readFileSync(textOrPath, 'utf8')
  } catch (cause) {
    throw new FormatOptionError(
      `registry.tls.${field} is neither PEM text nor the path of a readable file: ${messageOf(cause)}`,
      {
        cause,
      },
    )
  }
}

/**
 * Requests to one registry, tried again where that can help, and each made once however many ask.
 *
 * This is the seam between threads: a thread's RegistryRequests may send method, path and body as plain data to the one
 * place of the process that has the cache, and hand back the answer. Nothing of it throws over the seam but bugs: no
 * answer is an answer too, with status 0.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type RegistryConfig, resolveRegistryConfig } from './config.js'
import { type HttpAnswer, httpTransport } from './http.js'
import { mockTransport } from './mock.js'

export interface RegistryAnswer {
  /** Of HTTP; 0 when no answer came, then `body` says why in words. */
  readonly status: number
  readonly body: string
}

export interface RegistryRequests {
  /**
   * @param path From the registry's address on, with its query, such as `/schemas/ids/7`.
   * @param body JSON text.
   */
  request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: string): Promise<RegistryAnswer>
}

const MAX_BACKOFF_MS = 5_000
/** More than any registry has in use; the oldest go first. */
const MAX_CACHED = 10_000

/**
 * Never change once they were answered: a schema of an id, a numbered version, the id under which a schema was
 * registered or found in a subject. `latest` is no number, and is believed for a while.
 */
const IMMUTABLE =
  /^(?:GET \/schemas\/ids\/\d+(?:\?|$)|GET \/subjects\/[^/]+\/versions\/\d+(?:\?|$)|POST \/subjects\/[^/]+(?:\/versions)?(?:\?|\n|$))/
const LATEST = /^GET \/subjects\/[^/]+\/versions\/latest(?:\?|$)/

const shared = new Map<string, RegistryRequests>()

/**
 * The requests to the registry of this configuration, one for all in this thread that give an equal one.
 *
 * @throws TypeError when the configuration is not valid.
 */
export function sharedRegistryRequests(config: RegistryConfig): RegistryRequests {
  const key = JSON.stringify(config, (_key, value: unknown) =>
    // In one order: { url, auth } is { auth, url }.
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  let requests = shared.get(key)
  if (requests === undefined) {
    requests = createRegistryRequests(config)
    shared.set(key, requests)
  }
  return requests
}

/** As `sharedRegistryRequests`, with a cache and connections of its own. */
export function createRegistryRequests(config: RegistryConfig): RegistryRequests {
  const resolved = resolveRegistryConfig(config)
  const transport = resolved.url.protocol === 'mock:' ? mockTransport(resolved.url.href) : httpTransport(resolved)
  /** Promises, not answers: who asks while another's request is under way waits for that one. */
  const cached = new Map<string, { answer: Promise<RegistryAnswer>; until: number }>()

  async function attempt(method: string, path: string, body: string | undefined): Promise<RegistryAnswer> {
    for (let tries = 0; ; tries++) {
      const answer = await transport(method, path, body)
      if (!isTransient(answer.status) || tries >= resolved.retries) return { status: answer.status, body: answer.body }
      await wait(backoff(tries, answer))
    }
  }

  function backoff(tries: number, { retryAfterMs }: HttpAnswer): number {
    const doubled = Math.min(resolved.retryBackoffMs * 2 ** tries, MAX_BACKOFF_MS)
    // Half of it by chance: threads and processes that failed together do not come back together.
    return Math.max(doubled * (0.5 + Math.random() / 2), Math.min(retryAfterMs ?? 0, MAX_BACKOFF_MS))
  }

  return {
    request(method, path, body) {
      // The numbers of a deleted subject may be given anew.
      if (method === 'DELETE') cached.clear()
      const key = `${method} ${path}${body === undefined ? '' : `\n${body}`}`
      const ttl = IMMUTABLE.test(key) ? Number.POSITIVE_INFINITY : LATEST.test(key) ? resolved.latestTtlMs : undefined
      if (ttl === undefined) return attempt(method, path, body)
      const known = cached.get(key)
      if (known !== undefined && known.until > Date.now()) return known.answer
      const answer = attempt(method, path, body)
      const entry = { answer, until: Number.POSITIVE_INFINITY }
      cached.delete(key)
      cached.set(key, entry)
      const forget = () => {
        if (cached.get(key) === entry) cached.delete(key)
      }
      answer.then(({ status, body: answered }) => {
        // What is not there now may be there later, and a proxy's page is no registry's answer.
        if (status !== 200 || !isObject(answered)) forget()
        else entry.until = Date.now() + ttl
        const oldest = cached.size > MAX_CACHED ? cached.keys().next().value : undefined
        if (oldest !== undefined) cached.delete(oldest)
      }, forget)
      return answer
    },
  }
}

function isObject(json: string): boolean {
  try {
    const parsed: unknown = JSON.parse(json)
    return typeof parsed === 'object' && parsed !== null
  } catch {
    return false
  }
}

/** @returns whether the same request may succeed later: no answer, a server that is overloaded or in trouble. */
export function isTransient(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500
}

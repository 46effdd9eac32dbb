import { checkOptions, FormatOptionError, type OptionKinds } from '../format-option-error.js'
/** How to reach a schema registry. Plain data: it is sent to the thread that makes the requests. */
export interface RegistryConfig {
  /**
   * Address of the REST API, such as `https://registry:8081` or, for Apicurio, `http://host:8080/apis/ccompat/v7`.
   * `mock://name` is a registry in memory: the same for all who use the name in a process, empty at its start.
   */
  readonly url: string
  /** Default: none. A user and password in the url are taken as `basic`. */
  readonly auth?: BasicAuth | BearerAuth
  /** For https with a private certificate authority or a client certificate. Default: what Node trusts. */
  readonly tls?: RegistryTls
  /** How long one attempt may take, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number
  /** How often a request is tried again after a network error, 429 or 5xx, before it is given up. Default 3. */
  readonly retries?: number
  /** Wait before the first of these, in milliseconds; it doubles each time, with jitter, up to 5 s. Default 200. */
  readonly retryBackoffMs?: number
  /**
   * How long the answer to "which version is the latest" is believed, in milliseconds. Default 60,000. All else that is
   * cached never changes.
   */
  readonly latestTtlMs?: number
}

export interface BasicAuth {
  readonly type: 'basic'
  readonly username: string
  readonly password: string
}

export interface BearerAuth {
  readonly type: 'bearer'
  readonly token: string
}

export interface RegistryTls {
  /** Certificates of the authorities to trust, instead of those of Node: PEM text, or the path of a file of it. */
  readonly ca?: string
  /** The client's certificate (with its chain) and key, for mutual TLS: PEM text or path. */
  readonly cert?: string
  readonly key?: string
  /** Of the key, when it is encrypted. */
  readonly passphrase?: string
}

/** A configuration with its defaults, credentials out of the url. */
export interface ResolvedRegistryConfig {
  readonly url: URL
  /** The address for messages: without credentials. */
  readonly name: string
  /** The value of the `authorization` header. */
  readonly authorization: string | undefined
  readonly tls: RegistryTls | undefined
  readonly timeoutMs: number
  readonly retries: number
  readonly retryBackoffMs: number
  readonly latestTtlMs: number
}

const OPTIONS: OptionKinds<RegistryConfig> = {
  url: 'other',
  auth: 'other',
  tls: 'other',
  timeoutMs: 'other',
  retries: 'other',
  retryBackoffMs: 'other',
  latestTtlMs: 'other',
}
const TLS_OPTIONS: OptionKinds<RegistryTls> = { ca: 'other', cert: 'other', key: 'other', passphrase: 'other' }
const BASIC_OPTIONS: OptionKinds<BasicAuth> = { type: 'other', username: 'other', password: 'other' }
const BEARER_OPTIONS: OptionKinds<BearerAuth> = { type: 'other', token: 'other' }

/** Node's timers take no more, and fire at once instead. */
const MOST = 2 ** 31 - 1

/**
 * Checks all that can be known without asking the registry.
 *
 * @throws FormatOptionError which names the field; never with a credential in its text.
 */
export function resolveRegistryConfig(config: RegistryConfig): ResolvedRegistryConfig {
  const url = parseUrl(config?.url)
  checkOptions('registry', config, OPTIONS)
  if (config.tls !== undefined) checkOptions('registry.tls', config.tls, TLS_OPTIONS)
  const { username, password } = url
  url.username = ''
  url.password = ''
  url.pathname = url.pathname.replace(/\/+$/, '')
  if (config.tls !== undefined && url.protocol !== 'https:') {
    throw new FormatOptionError(`registry.tls is for https, and registry.url begins with ${url.protocol}//`)
  }
  if ((config.tls?.cert === undefined) !== (config.tls?.key === undefined)) {
    throw new FormatOptionError('registry.tls.cert and registry.tls.key belong together: give both or none')
  }
  return {
    url,
    name: url.href.replace(/\/$/, ''),
    authorization: authorizationOf(config.auth === undefined ? fromUrl(username, password) : config.auth),
    tls: config.tls,
    timeoutMs: numberFrom(1, 'timeoutMs', config.timeoutMs ?? 10_000),
    retries: numberFrom(0, 'retries', config.retries ?? 3),
    retryBackoffMs: numberFrom(0, 'retryBackoffMs', config.retryBackoffMs ?? 200),
    latestTtlMs: numberFrom(0, 'latestTtlMs', config.latestTtlMs ?? 60_000),
  }
}

function parseUrl(text: unknown): URL {
  const example = 'an address such as http://localhost:8081, https://registry or mock://name'
  if (typeof text !== 'string' || !URL.canParse(text)) throw new FormatOptionError(`registry.url expects ${example}`)
  const url = new URL(text)
  if (!['http:', 'https:', 'mock:'].includes(url.protocol)) {
    throw new FormatOptionError(`registry.url expects ${example}; it begins with ${url.protocol}`)
  }
  return url
}

function fromUrl(username: string, password: string): BasicAuth | undefined {
  if (username === '' && password === '') return undefined
  if (username === '')
    throw new FormatOptionError('registry.url has a password and no user; give registry.auth for a token')
  try {
    return { type: 'basic', username: decodeURIComponent(username), password: decodeURIComponent(password) }
  } catch {
    throw new FormatOptionError(
      'registry.url has a % in its user or password that encodes nothing: write %25, or give registry.auth',
    )
  }
}

function authorizationOf(auth: RegistryConfig['auth']): string | undefined {
  if (auth === undefined) return undefined
  if (auth?.type === 'basic') checkOptions('registry.auth', auth, BASIC_OPTIONS)
  if (auth?.type === 'bearer') checkOptions('registry.auth', auth, BEARER_OPTIONS)
  if (auth?.type === 'basic' && typeof auth.username === 'string' && typeof auth.password === 'string') {
    return `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}`
  }
  if (auth?.type === 'bearer' && typeof auth.token === 'string' && auth.token !== '') {
    // What would end the header early comes from a file read with its newline.
    if (/[^\x21-\x7e]/.test(auth.token))
      throw new FormatOptionError('registry.auth.token has a character that no token has')
    return `Bearer ${auth.token}`
  }
  throw new FormatOptionError(
    "registry.auth expects { type: 'basic', username, password } or { type: 'bearer', token }, all of them text",
  )
}

function numberFrom(least: number, field: string, value: number): number {
  if (typeof value === 'number' && value >= least && value <= MOST) return value
  throw new FormatOptionError(
    `registry.${field} expects a number from ${least} to ${MOST}, not ${typeof value === 'number' ? value : `a value of type ${typeof value}`}`,
  )
}

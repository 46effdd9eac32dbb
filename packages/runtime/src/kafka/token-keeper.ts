/**
 * One OAUTHBEARER token for all connections of a work, asked for before it ends.
 *
 * librdkafka would ask by a callback, which node-rdkafka does not call. So the user's function is called by a timer when four
 * fifths of the token's time are over (librdkafka authenticates anew when nine tenths of the session are), and each client is
 * told. While the function fails it is asked again, with one warning each time; the old token goes on to be used.
 */
import type { OAuthToken, TokenCallback } from '../config/sasl.js'
import { errors } from '../errors.js'
import { isoTime } from '../iso-time.js'
import type { Logger } from '../log/logger.js'
import { within } from '../within.js'

/** How long the user's function may take. */
const ASK_MS = 10_000
/** Of a token that does not say when it ends. */
const DEFAULT_LIFETIME_MS = 300_000
const RENEW_AT = 0.8
/** A token that has hardly any time is not asked for more often. */
const MIN_WAIT_MS = 250
const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000
/**
 * So long before its end a token may be refused already: the brokers' clock is another, and a connection that was made with a token of
 * little time is authenticated anew sooner than brokers allow, which is once a second.
 */
const ENDS_EARLY_MS = 5_000
/** A client that is being locked is told a little later. */
const AGAIN_MS = 50
/** Of Node's timers. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** A librdkafka client that wants tokens. */
export interface TokenClient {
  /** @returns false when it cannot take it now, and may later */
  setToken(value: string): boolean
}

interface Token {
  readonly value: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

export class TokenKeeper {
  readonly #ask: TokenCallback
  readonly #logger: Logger
  readonly #clients = new Set<TokenClient>()
  #token: Token | undefined
  #opening: Promise<void> | undefined
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(ask: TokenCallback, logger: Logger) {
    this.#ask = ask
    this.#logger = logger
  }

  /** Asks for the first one; anew, when there was none. @throws ZkError ZK_SASL_TOKEN */
  open(): Promise<void> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  /** Whether the brokers have a reason to refuse it, which passes once there is another. */
  get isStale(): boolean {
    return this.#failures > 0 && this.#token !== undefined && Date.now() >= this.#token.expiresAt - ENDS_EARLY_MS
  }

  /** The client gets the token, if there is one, and each new one. @returns what ends that; to be called before it disconnects */
  attach(client: TokenClient): () => void {
    this.#clients.add(client)
    this.#tell(client)
    return () => void this.#clients.delete(client)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#clients.clear()
  }

  async #open(): Promise<void> {
    try {
      this.#take(await this.#next())
    } catch (error) {
      this.#opening = undefined
      // Not as its cause: what clients of identity providers throw has requests in it, and these have secrets.
      throw errors.ZK_SASL_TOKEN(reasonOf(error))
    }
  }

  async #next(): Promise<Token> {
    const late = new Error(`the token callback has not answered within ${ASK_MS} ms`)
    const given = await within(ASK_MS, Promise.resolve(this.#ask()), late)
    if (given === late) throw late
    return checked(given as OAuthToken)
  }

  #take(token: Token): void {
    this.#token = token
    this.#failures = 0
    for (const client of this.#clients) this.#tell(client)
    this.#in(Math.max(MIN_WAIT_MS, (token.expiresAt - Date.now()) * RENEW_AT), () => this.#renew())
  }

  async #renew(): Promise<void> {
    try {
      const token = await this.#next()
      if (!this.#isClosed) this.#take(token)
    } catch (error) {
      if (this.#isClosed) return
      const waitMs = this.#retryMs(this.#failures++)
      const expiresAt = new Date(this.#token!.expiresAt).toISOString()
      this.#logger.warn(
        { reason: reasonOf(error), expiresAt, failures: this.#failures },
        `The OAUTHBEARER token could not be renewed; it is asked for again in ${waitMs} ms`,
      )
      this.#in(waitMs, () => this.#renew())
    }
  }

  /** While the old token is good for something, often enough to have another before it ends. */
  #retryMs(failures: number): number {
    const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures)
    const leftMs = this.#token!.expiresAt - Date.now()
    return leftMs <= 0 ? waitMs : Math.min(waitMs, Math.max(MIN_WAIT_MS, Math.ceil(leftMs / 4)))
  }

  #tell(client: TokenClient): void {
    const token = this.#token
    if (token === undefined || client.setToken(token.value)) return
    const again = setTimeout(() => {
      if (this.#clients.has(client) && this.#token === token) this.#tell(client)
    }, AGAIN_MS)
    again.unref()
  }

  #in(ms: number, what: () => void): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(what, Math.min(MAX_TIMER_MS, ms))
    this.#timer.unref()
  }
}

/** @throws Error what is wrong with it, without its value */
function checked(given: OAuthToken | undefined): Token {
  const { value, expiresAt, lifetimeMs } = given ?? ({} as Partial<OAuthToken>)
  if (typeof value !== 'string' || value === '') throw new Error('the token callback gave no { value } that is a text')
  // The end of a field in the protocol, as is every character that no token has.
  if (/[^\x21-\x7e]/.test(value)) throw new Error('the value of the token has a character that no token may have')
  const now = Date.now()
  const ends =
    expiresAt ?? (lifetimeMs === undefined ? expiryOfJwt(value) : now + lifetimeMs) ?? now + DEFAULT_LIFETIME_MS
  if (typeof ends !== 'number' || !Number.isFinite(ends))
    throw new Error('expiresAt of the token is no number of milliseconds since 1970')
  // Seconds that were taken for milliseconds are in January 1970.
  if (ends <= now) throw new Error(`the token ended at ${isoTime(ends)}`)
  return { value, expiresAt: ends }
}

/** Milliseconds since 1970, if it is one that says so. */
function expiryOfJwt(value: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString()) as { exp?: unknown }
    return typeof exp === 'number' ? exp * 1_000 : undefined
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * What connections need besides properties: certificates that can be used, and a token that is never old. One for all
 * connections of a run or a command.
 */
import type { Client } from 'node-rdkafka'
import { checkTls } from '../config/check-tls.js'
import type { Connection } from '../config/connection.js'
import type { Logger } from '../log/logger.js'
import type { Native } from './open-reader.js'
import { type TokenClient, TokenKeeper } from './token-keeper.js'

export class Credentials {
  readonly #connection: Pick<Connection, 'sasl' | 'tls'>
  readonly #keeper: TokenKeeper | undefined

  constructor(connection: Pick<Connection, 'sasl' | 'tls'>, logger: Logger) {
    this.#connection = connection
    const { sasl } = connection
    this.#keeper = sasl?.mechanism === 'oauthbearer' ? new TokenKeeper(sasl.token, logger) : undefined
  }

  /** Before anything connects. Idempotent. @throws ZkError ZK_TLS_INVALID, ZK_SASL_TOKEN */
  async open(): Promise<void> {
    if (this.#connection.tls !== undefined) checkTls(this.#connection.tls)
    await this.#keeper?.open()
  }

  /** Whether brokers refuse this client because the token has ended, and will not once there is another. */
  get areStale(): boolean {
    return this.#keeper?.isStale ?? false
  }

  /** @returns what to call before the client closes */
  attach(client: TokenClient): () => void {
    return this.#keeper?.attach(client) ?? (() => {})
  }

  /**
   * For a client of node-rdkafka, before it connects.
   *
   * Of one that is connected its `setOauthBearerToken` takes a lock on the main thread, behind whoever asks a broker something:
   * the addon does it without.
   */
  attachTo(client: Client<never>, native: Native | undefined): () => void {
    if (this.#keeper === undefined) return () => {}
    let isNew = true
    return this.#keeper.attach({
      setToken: (value) => {
        if (isNew) client.setOauthBearerToken(value)
        else if (native !== undefined) return native.setToken(client, value)
        else if (client.isConnected()) client.setOauthBearerToken(value)
        else return false
        isNew = false
        return true
      },
    })
  }

  close(): void {
    this.#keeper?.close()
  }
}

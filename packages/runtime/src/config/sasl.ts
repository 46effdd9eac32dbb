/** The field `sasl`: who this client is to the brokers. */
import { z } from 'zod'
import { documented, text } from './fields.js'

/** As Kafka names them, in small letters. */
const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const
export type SaslMechanism = (typeof mechanisms)[number]

/** What a token callback gives. */
export interface OAuthToken {
  /** As it goes to the brokers, mostly a JWT. */
  value: string
  /** When it ends, in milliseconds since 1970. Default: the claim `exp` of a JWT. */
  expiresAt?: number
  /** How long it lives from now on, in milliseconds, where that is known instead. */
  lifetimeMs?: number
}

/** Asked at the start and before each token ends; for all connections of a work together. */
export type TokenCallback = () => OAuthToken | Promise<OAuthToken>

const saslSchema = z.strictObject({
  mechanism: documented(z.enum([...mechanisms, 'none']).optional(), {
    group: 'Client',
    description:
      'How the client proves who it is. `none`, for a work whose client has another: not at all; `sasl: false` says the same.',
    change: 'To what the listener of the brokers takes.',
    expected: "'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer' or 'none'",
    defaultText: "`'oauthbearer'` with a `token`, else `'scram-sha-256'`",
  }),
  username: documented(text.optional(), {
    group: 'Client',
    description: 'For all mechanisms but `oauthbearer`. `zk` takes it from ZK_SASL_USERNAME too.',
    change: 'With a password.',
    expected: 'a text that is not empty',
    defaultText: 'none',
  }),
  password: documented(text.optional(), {
    group: 'Client',
    description:
      'Belongs to `username`. It is in no log, error or snapshot. `zk` takes it from ZK_SASL_PASSWORD, and there is no flag for it.',
    change: 'With a username.',
    expected: 'a text that is not empty',
    defaultText: 'none',
  }),
  token: documented(z.custom<TokenCallback>((value) => typeof value === 'function').optional(), {
    group: 'Client',
    description:
      'For `oauthbearer`: a function that gives `{ value, expiresAt }` (milliseconds since 1970) or `{ value, lifetimeMs }`, or a promise ' +
      'of it; of a JWT `{ value }` is enough. It is asked before anything connects, where its failure is ZK_SASL_TOKEN, and again ' +
      'when four fifths of the time of the token are over; a failure then is logged and it is asked again. What neither ' +
      'says when it ends nor is a JWT is asked for every five minutes. `zk` takes a token from ZK_SASL_TOKEN.',
    change: 'With the client library of your identity provider.',
    expected: 'a function that gives { value, expiresAt }',
    defaultText: 'none',
  }),
})

export type SaslFields = z.output<typeof saslSchema>
export type SaslInput = false | z.input<typeof saslSchema>

/** `false` is the mechanism `none`, so that all that is wrong within the object has its path. */
export const saslField = z
  .preprocess((given) => (given === false ? { mechanism: 'none' } : given), saslSchema)
  .optional() as unknown as z.ZodOptional<z.ZodType<SaslFields, SaslInput>>

/** Complete and without what does not belong to its mechanism. */
export type Sasl =
  | { mechanism: Exclude<SaslMechanism, 'oauthbearer'>; username: string; password: string }
  | { mechanism: 'oauthbearer'; token: TokenCallback }

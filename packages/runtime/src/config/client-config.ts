import { z } from 'zod'
import { logger } from './client-parts.js'
import { additionalProps, bootstrapServer, documented, text } from './fields.js'
import { clientHooks } from './hooks.js'
import { saslField } from './sasl.js'
import { tlsField } from './tls.js'
import { tracingFields } from './tracing.js'

const group = 'Client'

export const clientSchema = z.strictObject({
  bootstrapServers: documented(z.array(bootstrapServer).min(1), {
    group,
    description: 'Brokers to start from. The client learns the others from them, so two or three are enough.',
    change: 'Required.',
    expected: 'an array of host:port',
  }),
  clientId: documented(text.optional(), {
    group,
    description: "Name of the client in the brokers' logs, metrics and quotas, for works that have none of their own.",
    change: 'To tell processes apart in the logs of the brokers.',
    expected: 'a text that is not empty',
    defaultText: "the work's `groupId`",
  }),
  groupPrefix: documented(text.optional(), {
    group,
    description:
      'Stands before the `groupId` of every work, with a dot between: the group is `prefix.groupId`, to the brokers, in metrics, ' +
      'logs and dead letters.',
    change: 'For environments or tenants that share brokers, and rights by prefix (ACL).',
    expected: 'a text that is not empty',
    defaultText: 'none',
  }),
  sasl: documented(saslField, {
    group,
    description:
      'Who the client is to the brokers. Without `tls` it goes over TLS (`SASL_SSL`); `tls: false` is for networks that can be ' +
      'trusted. A work may have another, field by field. Kerberos and OIDC are left to `additionalProps`, where librdkafka has them, and ' +
      'what these fields say must not be there at the same time.',
    change: 'For brokers that ask for it.',
    expected: 'false, or an object of mechanism, username, password, token',
    defaultText: 'none',
  }),
  tls: documented(tlsField, {
    group,
    description:
      'Encrypts connections: `true`, or an object with certificates, which are read and checked before anything connects ' +
      '(ZK_TLS_INVALID). A work may have another, which replaces this one as a whole.',
    change: 'For brokers whose listener is SSL or SASL_SSL.',
    expected: 'true, false, or an object of ca, cert, key, passphrase, verifyCertificate, verifyHostname',
    defaultText: '`true` with `sasl`, else `false`',
  }),
  logger: documented(logger, {
    group,
    description:
      'Where the works, readers and writers of the client log that are given no logger of their own: pino, or anything with its six ' +
      'methods.',
    change: "To have it all in your program's log.",
    expected: 'a logger, such as pino',
    defaultText: 'pino, with the level of LOG_LEVEL',
  }),
  hooks: clientHooks,
  ...tracingFields({
    group,
    of: 'all works and writers of the client that do not say otherwise',
    defaults: { tracer: '`false`', propagator: '`true`' },
  }),
  additionalProps: documented(additionalProps.default({}), {
    group,
    description:
      "librdkafka properties for every connection of the client, as in librdkafka's CONFIGURATION.md. " +
      "A work's own `additionalProps` take precedence over them.",
    change: 'For what no field covers, such as Kerberos or a key store.',
    expected: 'an object of texts, numbers and booleans',
  }),
})

/** What `createClient` takes. */
export type ClientInput = z.input<typeof clientSchema>

/** Checked, with defaults. */
export type ClientConfig = z.output<typeof clientSchema>

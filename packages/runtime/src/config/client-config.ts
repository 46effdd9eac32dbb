import { z } from 'zod'
import { additionalProps, bootstrapServer, documented, text } from './fields.js'

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
  additionalProps: documented(additionalProps.default({}), {
    group,
    description:
      "librdkafka properties for every connection of the client, as in librdkafka's CONFIGURATION.md. " +
      'Security is set here: `security.protocol`, `sasl.mechanism`, `sasl.username`, `sasl.password`, `ssl.ca.location`. ' +
      "A work's own `additionalProps` take precedence over them.",
    change: 'For TLS and SASL, and for what no field covers.',
    expected: 'an object of texts, numbers and booleans',
  }),
})

/** What `createClient` takes. */
export type ClientInput = z.input<typeof clientSchema>

/** Checked, with defaults. */
export type ClientConfig = z.output<typeof clientSchema>

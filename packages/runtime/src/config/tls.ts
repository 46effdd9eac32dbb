/** The field `tls`: that connections are encrypted, and by which certificates. */
import { z } from 'zod'
import { documented, text } from './fields.js'

const group = 'Client'
const expected = 'a path, or PEM text'

const tlsSchema = z.strictObject({
  enabled: documented(z.boolean().default(true), {
    group,
    description: 'Whether connections are encrypted; `tls: true` and `tls: false` say the same.',
    change: '`false`, for a work whose client has TLS.',
    expected: 'true or false',
  }),
  ca: documented(text.optional(), {
    group,
    description: 'Certificates of the authorities that are trusted, as a path or as PEM text; a path may be a folder.',
    change: 'For brokers whose certificates are of an authority of your own.',
    expected,
    defaultText: "those of the system's OpenSSL",
  }),
  cert: documented(text.optional(), {
    group,
    description: "The client's own certificate, as a path or as PEM text, for brokers that ask for one (mutual TLS).",
    change: 'With `key`.',
    expected,
    defaultText: 'none',
  }),
  key: documented(text.optional(), {
    group,
    description: 'The private key of `cert`, as a path or as PEM text. As text it is in no log, error or snapshot.',
    change: 'With `cert`.',
    expected,
    defaultText: 'none',
  }),
  passphrase: documented(text.optional(), {
    group,
    description: 'Of an encrypted `key`. `zk` takes it from ZK_TLS_PASSPHRASE, and there is no flag for it.',
    change: 'For a key that is encrypted.',
    expected: 'a text that is not empty',
    defaultText: 'none',
  }),
  verifyCertificate: documented(z.boolean().default(true), {
    group,
    description: "Whether the brokers' certificates must be of a trusted authority.",
    change: 'Never where it matters: without it anybody may pretend to be a broker.',
    expected: 'true or false',
  }),
  verifyHostname: documented(z.boolean().default(true), {
    group,
    description: "Whether the brokers' certificates must be for the host names that are connected to.",
    change:
      '`false`, for brokers that are reached by other names than those in their certificates, as through a tunnel.',
    expected: 'true or false',
  }),
})

export type TlsFields = z.output<typeof tlsSchema>
export type TlsInput = boolean | z.input<typeof tlsSchema>

/** A boolean is the field `enabled`, so that all that is wrong within the object has its path. */
export const tlsField = z
  .preprocess((given) => (typeof given === 'boolean' ? { enabled: given } : given), tlsSchema)
  .optional() as unknown as z.ZodOptional<z.ZodType<TlsFields, TlsInput>>

export type Tls = Omit<TlsFields, 'enabled'>

/** Whether it is the thing itself and no path. */
export function isPem(given: string): boolean {
  return given.includes('-----BEGIN ')
}

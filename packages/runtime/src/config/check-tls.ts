/**
 * Whether certificates and keys can be used, before librdkafka is told of them: it names a property and an OpenSSL error, and
 * only once it connects.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { isBareKey } from '@zk/formats/internal'
import { errors } from '../errors.js'
import { isPem, type Tls } from './tls.js'

/** @throws ZK_TLS_INVALID */
export function checkTls({ ca, cert, key, passphrase }: Tls): void {
  if (ca !== undefined && !isFolder(ca)) certificate('ca', ca)
  if (cert === undefined || key === undefined) return
  const own = certificate('cert', cert)
  const ends = new Date(own.validTo)
  if (ends.getTime() < Date.now()) throw errors.ZK_TLS_INVALID('cert', `it ended at ${ends.toISOString()}`)
  if (!own.checkPrivateKey(privateKey(key, passphrase)))
    throw errors.ZK_TLS_INVALID('key', 'it is not the key of tls.cert')
}

function certificate(field: 'ca' | 'cert', given: string): X509Certificate {
  const bytes = read(field, given)
  try {
    return new X509Certificate(bytes)
  } catch (error) {
    throw errors.ZK_TLS_INVALID(field, `it holds no certificate as PEM (${reasonOf(error)})`)
  }
}

function privateKey(given: string, passphrase: string | undefined): KeyObject {
  const bytes = read('key', given)
  try {
    return createPrivateKey({ key: bytes, passphrase: passphrase ?? '' })
  } catch (error) {
    const isEncrypted = /ENCRYPTED/.test(bytes.toString('latin1'))
    if (isEncrypted && passphrase === undefined)
      throw errors.ZK_TLS_INVALID('key', 'it is encrypted, and there is no tls.passphrase')
    if (isEncrypted) throw errors.ZK_TLS_INVALID('key', `tls.passphrase does not open it (${reasonOf(error)})`)
    throw errors.ZK_TLS_INVALID('key', `it holds no private key as PEM (${reasonOf(error)})`)
  }
}

/** What the path leads to, or the text itself. An error of the file system has the path in it, and nothing of what is there. */
function read(field: 'ca' | 'cert' | 'key', given: string): Buffer {
  if (isPem(given)) return Buffer.from(given)
  if (isBareKey(given)) throw errors.ZK_TLS_INVALID(field, 'it is base64 without the line -----BEGIN … before it')
  try {
    return readFileSync(given)
  } catch (error) {
    throw errors.ZK_TLS_INVALID(field, `it cannot be read (${(error as Error).message})`)
  }
}

function isFolder(given: string): boolean {
  return !isPem(given) && (statSync(given, { throwIfNoEntry: false })?.isDirectory() ?? false)
}

/** OpenSSL's, without its numbers. */
function reasonOf(error: unknown): string {
  return (error as { reason?: string }).reason ?? (error as { code?: string }).code ?? 'unknown'
}

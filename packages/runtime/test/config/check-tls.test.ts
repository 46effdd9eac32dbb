import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkTls } from '../../src/config/check-tls.js'
import type { Tls } from '../../src/config/tls.js'

const verified = { verifyCertificate: true, verifyHostname: true }
let dir: string
const at = (name: string) => join(dir, name)

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'zk-tls-'))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' })
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  for (const name of ['own', 'other']) {
    openssl(
      'req',
      '-x509',
      ...curve,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    )
  }
  openssl('req', ...curve, '-subj', '/CN=old', '-keyout', 'old.key', '-out', 'old.csr')
  openssl('x509', '-req', '-in', 'old.csr', '-signkey', 'old.key', '-days', '-1', '-out', 'old.pem')
  openssl('pkcs8', '-topk8', '-in', 'own.key', '-out', 'locked.key', '-passout', 'pass:hunter2')
  writeFileSync(at('empty'), '')
})
afterAll(() => rmSync(dir, { recursive: true }))

test('certificates and keys that fit, as paths and as text, locked or not', () => {
  const text = (name: string) => readFileSync(at(name), 'utf8')
  checkTls(verified)
  checkTls({ ...verified, ca: at('own.pem'), cert: at('own.pem'), key: at('own.key') })
  checkTls({ ...verified, ca: text('other.pem'), cert: text('own.pem'), key: text('own.key') })
  checkTls({ ...verified, cert: at('own.pem'), key: at('locked.key'), passphrase: 'hunter2' })
  checkTls({ ...verified, ca: dir })
})

test.each<[string, () => Partial<Tls>, RegExp]>([
  [
    'a path that leads nowhere',
    () => ({ ca: at('nowhere.pem') }),
    /^tls\.ca cannot be used: it cannot be read \(ENOENT.*nowhere\.pem/,
  ],
  ['a file without a certificate', () => ({ ca: at('empty') }), /^tls\.ca .* it holds no certificate as PEM/],
  [
    'a key for a certificate',
    () => ({ cert: at('own.key'), key: at('own.key') }),
    /^tls\.cert .* no certificate as PEM/,
  ],
  [
    'a certificate for a key',
    () => ({ cert: at('own.pem'), key: at('own.pem') }),
    /^tls\.key .* no private key as PEM/,
  ],
  [
    'the key of another',
    () => ({ cert: at('own.pem'), key: at('other.key') }),
    /^tls\.key .* it is not the key of tls\.cert/,
  ],
  [
    'a locked key alone',
    () => ({ cert: at('own.pem'), key: at('locked.key') }),
    /it is encrypted, and there is no tls\.passphrase/,
  ],
  [
    'a wrong passphrase',
    () => ({ cert: at('own.pem'), key: at('locked.key'), passphrase: 'hunter3' }),
    /tls\.passphrase does not open it/,
  ],
  ['a certificate that has ended', () => ({ cert: at('old.pem'), key: at('old.key') }), /^tls\.cert .* it ended at 20/],
])('%s is said', (_, tls, text) => {
  expect(() => checkTls({ ...verified, ...tls() })).toThrow(
    expect.objectContaining({ code: 'ZK_TLS_INVALID', message: expect.stringMatching(text) }),
  )
})

test('a key without its first line is not repeated, as a path would be, in lines and in one', () => {
  for (const name of ['own.key', 'locked.key']) {
    const lines = readFileSync(at(name), 'utf8').trim().split('\n').slice(1, -1)
    for (const key of [lines.join('\n'), lines.join('')]) {
      const check = () => checkTls({ ...verified, cert: at('own.pem'), key })
      expect(check).toThrow(/^tls\.key cannot be used: it is base64 without the line -----BEGIN/)
      expect(check).not.toThrow(lines[0]!)
    }
  }
})

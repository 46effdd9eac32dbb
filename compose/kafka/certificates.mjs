// @ts-check
/** Certificates for one run, made by openssl: an authority, and of it one for the brokers and one for a client. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HOST } from './config.mjs'
import { requireOpenssl } from './requirements.mjs'

const run = promisify(execFile)

/**
 * @typedef {object} Certificates paths of PEM files
 * @property {string} ca
 * @property {string} brokerStore key and certificate of the brokers, as Kafka wants them in one file
 * @property {string} clientCert
 * @property {string} clientKey
 * @property {string} encryptedKey the same key
 * @property {string} passphrase of `encryptedKey`
 * @property {string} strangerCa of another authority, which signed nothing here
 * @property {string} strangerCert of that authority
 * @property {string} strangerKey
 */

/**
 * @param {string} dir
 * @returns {Promise<Certificates>}
 */
export async function makeCertificates(dir) {
  await requireOpenssl()
  await mkdir(dir, { recursive: true })
  /** @param {string[]} args */
  const openssl = (...args) => run('openssl', args, { cwd: dir })
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const place = (/** @type {string} */ name) => join(dir, name)

  /** @param {string} name @param {string} subject */
  const authority = (name, subject) =>
    openssl('req', '-x509', ...curve, '-days', '2', '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.pem`)
  /** @param {string} name @param {string} by @param {string} subject @param {string} [extension] */
  async function signed(name, by, subject, extension) {
    await openssl('req', ...curve, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    await writeFile(place(`${name}.ext`), extension ?? 'extendedKeyUsage=clientAuth\n')
    const from = ['-in', `${name}.csr`, '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial']
    await openssl('x509', '-req', ...from, '-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.pem`)
  }

  await Promise.all([authority('ca', '/CN=zk test authority'), authority('stranger-ca', '/CN=a stranger')])
  await Promise.all([
    signed('broker', 'ca', '/CN=broker', `subjectAltName=IP:${HOST},DNS:localhost\n`),
    signed('stranger', 'stranger-ca', '/CN=stranger'),
  ])
  // After the broker's: the authority counts what it signs in a file.
  await signed('client', 'ca', '/CN=client')
  const passphrase = 'the passphrase of the key'
  await openssl(
    'pkcs8',
    '-topk8',
    '-in',
    'client.key',
    '-out',
    'client-encrypted.key',
    '-passout',
    `pass:${passphrase}`,
  )
  const parts = await Promise.all(['broker.key', 'broker.pem', 'ca.pem'].map((name) => readFile(place(name), 'utf8')))
  await writeFile(place('broker-store.pem'), parts.join(''))
  return {
    ca: place('ca.pem'),
    brokerStore: place('broker-store.pem'),
    clientCert: place('client.pem'),
    clientKey: place('client.key'),
    encryptedKey: place('client-encrypted.key'),
    passphrase,
    strangerCa: place('stranger-ca.pem'),
    strangerCert: place('stranger.pem'),
    strangerKey: place('stranger.key'),
  }
}

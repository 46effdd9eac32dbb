// @ts-check
/** Two more listeners beside the plain one: SASL over TLS with all of Kafka's mechanisms, and TLS that asks for certificates. */
import { HOST } from './config.mjs'

/** For PLAIN and both kinds of SCRAM. With OAUTHBEARER anybody with a token that is not signed (`alg: none`) is let in. */
export const USER = { username: 'alice', password: 'alice-secret-9d41' }

/** Arguments for the format tool. */
export const SCRAM_USERS = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
  '--add-scram',
  `${mechanism}=[name=${USER.username},password=${USER.password}]`,
])

const MODULES = 'org.apache.kafka.common.security'

/**
 * @param {Record<string, string | number | boolean>} plain of a broker without
 * @param {import('./config.mjs').NodePorts} ports
 * @param {import('./certificates.mjs').Certificates} certificates
 * @returns {Record<string, string | number | boolean>}
 */
export function secureProperties(plain, { sasl, mtls }, { brokerStore, ca }) {
  const listeners = `,SASL://${HOST}:${sasl},MTLS://${HOST}:${mtls}`
  const jaas = (/** @type {string} */ mechanism) => `listener.name.sasl.${mechanism}.sasl.jaas.config`
  return {
    ...plain,
    listeners: `${plain.listeners}${listeners}`,
    'advertised.listeners': `${plain['advertised.listeners']}${listeners}`,
    'listener.security.protocol.map': `${plain['listener.security.protocol.map']},SASL:SASL_SSL,MTLS:SSL`,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': brokerStore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': ca,
    'listener.name.mtls.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    [jaas('plain')]: `${MODULES}.plain.PlainLoginModule required user_${USER.username}="${USER.password}";`,
    [jaas('scram-sha-256')]: `${MODULES}.scram.ScramLoginModule required;`,
    [jaas('scram-sha-512')]: `${MODULES}.scram.ScramLoginModule required;`,
    [jaas('oauthbearer')]:
      `${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    // A session ends with its token: whoever does not bring another one in time is cut off.
    'listener.name.sasl.oauthbearer.connections.max.reauth.ms': 3_600_000,
  }
}

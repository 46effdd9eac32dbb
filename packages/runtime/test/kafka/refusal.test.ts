import { expect, test } from 'vitest'
import { refusalIn } from '../../src/kafka/refusal.js'

const line = (message: string, { fac = 'FAIL', severity = 3 } = {}) => ({ fac, severity, message })
const at = (reason: string, state = 'AUTH_REQ') =>
  `[thrd:sasl_ssl://k1:9093/bootstrap]: sasl_ssl://k1:9093/bootstrap: ${reason} (after 12ms in state ${state})`

test.each([
  'SASL authentication error: Authentication failed: Invalid username or password',
  'SASL SCRAM-SHA-256 mechanism handshake failed: Broker: Unsupported SASL mechanism',
  'SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified',
  'Receive failed: error:0A00045C:SSL routines::tlsv13 alert certificate required: SSL alert number 116',
])('%s: the reason alone', (reason) => {
  expect(refusalIn(line(at(reason)))).toMatchObject({ message: reason, code: -169 })
})

test.each([
  ['a broker that is away', line(at('Connect to ipv4#10.0.0.1:9093 failed: Connection refused', 'CONNECT'))],
  [
    'a connection that was cut',
    line(at('SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?')),
  ],
  ['a line that is no error', line(at('SASL authentication error: x'), { severity: 6 })],
  ['a line of something else', line(at('SASL authentication error: x'), { fac: 'SASL' })],
])('%s is no refusal', (_, event) => {
  expect(refusalIn(event)).toBeUndefined()
})

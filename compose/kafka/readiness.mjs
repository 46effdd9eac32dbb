// @ts-check
import { connect } from 'node:net'
import { HOST } from './config.mjs'

/**
 * How many brokers a broker knows to be up: it answers a Metadata request with those that are registered and not
 * fenced. Speaks just enough of Kafka's protocol, so that starting a cluster needs no client library.
 * @param {number} port of the broker
 * @param {number} [timeoutMs]
 * @returns {Promise<number>} 0 when it does not answer
 */
export function knownBrokers(port, timeoutMs = 1000) {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const socket = connect(port, HOST, () => socket.write(metadataRequest()))
    socket.setTimeout(timeoutMs, () => socket.destroy())
    // An error is followed by 'close', and then there was no answer.
    socket.on('error', () => {})
    socket.on('close', () => resolve(0))
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes])
      const brokers = brokersIn(received)
      if (brokers === undefined) return
      resolve(brokers)
      socket.destroy()
    })
  })
}

/**
 * Size, correlation id, then the array of brokers, of which only the length is of interest.
 * @param {Buffer} received
 * @returns {number | undefined} undefined until the answer is whole
 */
export function brokersIn(received) {
  if (received.length < 12 || received.length < 4 + received.readInt32BE(0)) return undefined
  return received.readInt32BE(8)
}

/** Metadata version 1 without topics to name and without a client id. */
function metadataRequest() {
  const body = Buffer.alloc(14)
  body.writeInt16BE(3, 0) // api key: Metadata
  body.writeInt16BE(1, 2) // version
  body.writeInt32BE(1, 4) // correlation id
  body.writeInt16BE(-1, 8) // client id: null
  body.writeInt32BE(0, 10) // topics: none
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

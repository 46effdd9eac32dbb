/**
 * Asks a service that works on so many requests at a time (`slots`, 5 ms each) whoever asks: beyond that all only wait longer.
 * The service is `bench-service.mjs`, its port an option.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

export default {
  async setup({ options: { port } }) {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    await once(socket, 'connect')
    /** Answers are single bytes, and come in the order of the questions. */
    const waiting = []
    socket.on('data', (bytes) => {
      for (const done of waiting.splice(0, bytes.length)) done()
    })
    return { socket, waiting }
  },
  process(_message, { state: { socket, waiting } }) {
    return new Promise((resolve) => {
      waiting.push(resolve)
      socket.write('?')
    })
  },
}

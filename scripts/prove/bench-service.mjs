// @ts-check
/** A service with a limit of its own, such as a database with so many connections: whoever asks more only waits longer. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Each byte that comes is a request; it is answered by a byte, in the order of its connection's.
 *
 * @param {{ slots: number, ms: number }} limits requests at a time, and how long one takes
 */
export async function startService({ slots, ms }) {
  /** @type {import('node:net').Socket[]} */
  const waiting = []
  let free = slots
  const next = () => {
    while (free > 0 && waiting.length > 0) {
      const socket = waiting.shift()
      free--
      setTimeout(() => {
        free++
        socket?.write('!')
        next()
      }, ms)
    }
  }
  const server = createServer((socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      for (let i = 0; i < bytes.length; i++) waiting.push(socket)
      next()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  // Sockets of processes that were killed end by themselves.
  return { port, stop: () => void server.close() }
}

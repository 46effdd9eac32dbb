// @ts-check
import { once } from 'node:events'
import { createServer } from 'node:net'
import { HOST } from './config.mjs'

/**
 * Different free ports. They are free now; another process may still take one before the broker does, and the start
 * then fails with "Address already in use" in the broker's log.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  // All are held open at once, so that no two are the same.
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)))
  const ports = servers.map((server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port)
  await Promise.all(servers.map(close))
  return ports
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export async function isPortFree(port) {
  try {
    await close(await listen(port))
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE') return false
    throw error
  }
}

/** @param {number} port */
async function listen(port) {
  const server = createServer().listen(port, HOST)
  await once(server, 'listening')
  return server
}

/** @param {import('node:net').Server} server */
async function close(server) {
  server.close()
  await once(server, 'close')
}

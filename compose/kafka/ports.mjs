// @ts-check
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { HOST } from './config.mjs'

/**
 * Below the range from which systems take the ports of outgoing connections, so that none of those gets in the way
 * between the choice and the broker's start.
 */
const LOWEST = 20_000
const HIGHEST = 32_000

/**
 * Different free ports. They are free now; another server may still take one before the broker does, and the start then
 * fails with "Address already in use" in the broker's log.
 * @param {number} count
 * @param {readonly number[]} [except] not these, which are meant for something else
 * @returns {Promise<number[]>}
 */
export async function freePorts(count, except = []) {
  /** @type {Map<number, import('node:net').Server>} held open until all are chosen, so that no two are the same */
  const held = new Map()
  try {
    while (held.size < count) {
      const port = randomInt(LOWEST, HIGHEST)
      if (held.has(port) || except.includes(port)) continue
      const server = await listenIfFree(port)
      if (server) held.set(port, server)
    }
  } finally {
    await Promise.all([...held.values()].map(close))
  }
  return [...held.keys()]
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export async function isPortFree(port) {
  const server = await listenIfFree(port)
  if (server) await close(server)
  return server !== undefined
}

/**
 * @param {number} port
 * @returns {Promise<import('node:net').Server | undefined>}
 */
async function listenIfFree(port) {
  const server = createServer().listen(port, HOST)
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE') return undefined
    throw error
  }
}

/** @param {import('node:net').Server} server */
async function close(server) {
  server.close()
  await once(server, 'close')
}

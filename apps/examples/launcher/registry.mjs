import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRegistryRequests } from '@zk/formats/registry'

/**
 * The registry in memory that `mock://` names, over HTTP, so that it can be looked at by curl. It keeps no process alive.
 * @returns {Promise<string>} its address
 */
export async function serveRegistry() {
  const memory = createRegistryRequests({ url: 'mock://examples', latestTtlMs: 0 })
  const server = createServer(async (request, response) => {
    const { method, url = '/' } = request
    const body = (await request.toArray()).join('')
    const known = await memory.request(/** @type {'GET' | 'POST'} */ (method), url, body === '' ? undefined : body)
    response.writeHead(known.status, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(known.body)
  })
  server.on('connection', (socket) => socket.unref())
  server.listen(0, '127.0.0.1').unref()
  await once(server, 'listening')
  return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
}

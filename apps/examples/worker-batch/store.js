/** What a database with a bulk interface does, in a few lines: rows by id, in order, each taken or refused by itself. */
import { once } from 'node:events'
import { createServer } from 'node:http'

export async function startStore() {
  /** @type {Map<string, { quantity: number }>} */
  const rows = new Map()
  let requests = 0
  const server = createServer(async (request, response) => {
    requests++
    let body = ''
    for await (const chunk of request) body += chunk
    const refused = []
    for (const [index, row] of JSON.parse(body).entries()) {
      if (row.quantity < 5) rows.set(row.id, row)
      else refused.push({ index, reason: `Nobody has ${row.quantity} of ${row.item}` })
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(refused))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `http://127.0.0.1:${port}`,
    counts: () => ({ rows: rows.size, requests }),
    close: () => server.close().closeAllConnections(),
  }
}

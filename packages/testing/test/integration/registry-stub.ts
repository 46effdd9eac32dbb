/** Confluent's REST API for one schema of one subject, which counts what it is asked, and may be down. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const SCHEMA_ID = 7
const SCHEMA = JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'id', type: 'string' }] })

export class RegistryStub {
  /** By method and path. */
  readonly asked: string[] = []
  isDown = false
  readonly #server = createServer((request, response) => this.#answer(request, response))

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer({ method, url = '', socket }: IncomingMessage, response: ServerResponse): void {
    this.asked.push(`${method} ${url}`)
    if (this.isDown) {
      socket.destroy()
      return
    }
    const [path] = url.split('?')
    const found = path === `/schemas/ids/${SCHEMA_ID}` ? { schema: SCHEMA } : latestOf(path!)
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(JSON.stringify(found ?? { error_code: 40403, message: 'Schema not found' }))
  }
}

function latestOf(path: string) {
  const [, subject] = /^\/subjects\/([^/]+)\/versions\/latest$/.exec(path) ?? []
  return subject === undefined ? undefined : { subject, version: 1, id: SCHEMA_ID, schema: SCHEMA }
}

/** An order of Avro behind the prefix of its schema: text, as all its bytes are below 128. @param id up to 60 letters */
export function avroOrder(id: string, schemaId = SCHEMA_ID): string {
  return String.fromCharCode(0, 0, 0, 0, schemaId, id.length * 2) + id
}

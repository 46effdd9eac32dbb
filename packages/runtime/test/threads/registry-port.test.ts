/** A thread's side of requests to registries, and the main thread's, with what is posted between them. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Format } from '@zk/formats'
import { SchemaRegistry } from '@zk/formats/registry'
import { expect, onTestFinished, test } from 'vitest'
import { OpenFormats } from '../../src/threads/open-formats.js'
import type { RegistryAsked } from '../../src/threads/protocol.js'
import { RegistryDesk } from '../../src/threads/registry-desk.js'
import { RegistryPort } from '../../src/threads/registry-port.js'

/** A thread of the desk's. Messages are clones, as between threads. */
function thread(desk: RegistryDesk) {
  const asked: RegistryAsked[] = []
  const port: RegistryPort = new RegistryPort((message) => {
    asked.push(structuredClone(message))
    desk.answer(structuredClone(message), (answered) => port.answered(structuredClone(answered)))
  })
  return { port, asked }
}

const format = (open: Format<unknown>['open']): Format<unknown> => ({
  ...{ name: 'mine', decode: () => 0, encode: () => Buffer.alloc(0) },
  ...(open && { open }),
})

/** A registry whose answers the test gives. */
async function slowServer() {
  const open: (() => void)[] = []
  const server = createServer((_, response) => open.push(() => response.end('{"schema":"\\"int\\""}')))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, open }
}

test('threads have one registry behind them', async () => {
  const desk = new RegistryDesk()
  const config = { url: `mock://${randomUUID()}` }
  const [one, other] = [thread(desk), thread(desk)]
  const id = await new SchemaRegistry(config, one.port.registry(config)).register('s', {
    type: 'AVRO',
    schema: '"int"',
  })
  const found = await new SchemaRegistry(config, other.port.registry(config)).byId(id)
  expect(found).toEqual({ type: 'AVRO', schema: '"int"' })
})

test('two threads that ask for the same at once are one request', async () => {
  const desk = new RegistryDesk()
  const { url, open } = await slowServer()
  const answers = [thread(desk), thread(desk)].map(({ port }) =>
    port.registry({ url }).request('GET', '/schemas/ids/1'),
  )
  await expect.poll(() => open.length).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(open).toHaveLength(1)
  open[0]!()
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200])
})

test('a work that ends answers what is asked with status 0, at once', async () => {
  const desk = new RegistryDesk()
  const { url, open } = await slowServer()
  const requests = thread(desk).port.registry({ url, retries: 0 })
  const before = requests.request('GET', '/schemas/ids/1')
  await expect.poll(() => open.length).toBe(1)
  desk.close()
  const none = { status: 0, body: 'the work is ending' }
  expect([await before, await requests.request('GET', '/schemas/ids/2')]).toEqual([none, none])
  expect(open).toHaveLength(1)
})

test('an answer for nobody is no error', () => {
  const { port } = thread(new RegistryDesk())
  expect(() => port.answered({ type: 'registry', id: 9, answer: { status: 200, body: '' } })).not.toThrow()
})

test('a configuration that is none ends the start, as the fault of the processor', async () => {
  const { port } = thread(new RegistryDesk())
  const bad = format((host) => void host.registry({ url: 'no url' }))
  await expect(new OpenFormats(port).openFirst(bad, '/p.js')).rejects.toMatchObject({
    code: 'ZK_FORMAT_INVALID',
    message: expect.stringContaining('The format mine of the processor module /p.js cannot be opened'),
    cause: expect.any(TypeError),
  })
})

test('nor does a work start with a format whose open throws', async () => {
  const broken = format(() => {
    throw new Error('no licence')
  })
  const { port } = thread(new RegistryDesk())
  await expect(new OpenFormats(port).openFirst(broken, '/p.js')).rejects.toThrow('no licence')
})

test('requests with a configuration that is none reject with what is wrong with it', async () => {
  const { port } = thread(new RegistryDesk())
  await expect(port.registry({ url: 'no url' }).request('GET', '/schemas/ids/1')).rejects.toThrow(TypeError)
})

test('a format is opened once, and asks nothing of a registry by that', async () => {
  const { port, asked } = thread(new RegistryDesk())
  let opened = 0
  const formats = new OpenFormats(port)
  const good = format((host) => {
    opened++
    host.registry({ url: 'http://127.0.0.1:1' })
  })
  await formats.openFirst(good, '/p.js')
  formats.open(good)
  await formats.openFirst(undefined, '/p.js')
  expect([opened, asked.map(({ request }) => request)]).toEqual([1, [undefined]])
})

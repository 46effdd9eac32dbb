import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { avroRegistry } from '../../src/avro.js'
import { type RegistryConfig, type RegistryRequests, sharedRegistryRequests } from '../../src/registry.js'
import { startRegistryServer } from '../fixtures/registry-server.js'

const schema = { type: 'record', name: 'Order', fields: [{ name: 'id', type: 'string' }] }
const place = { topic: 'orders', part: 'value' } as const

async function write(registry: RegistryConfig): Promise<Buffer> {
  const format = avroRegistry({ registry, schema, autoRegister: true })
  await format.prepareEncode?.(place)
  return format.encode({ id: 'a' }, place)
}

interface Asked {
  id: number
  config: RegistryConfig
  args: Parameters<RegistryRequests['request']>
}

/** @returns what a thread reads whose requests are made here. */
async function readInThread(registry: RegistryConfig, bytes: Buffer): Promise<unknown> {
  const thread = new Worker(new URL('../fixtures/registry-thread.mjs', import.meta.url), {
    workerData: { bytes, options: { registry, schema } },
  })
  let value: unknown
  thread.on('message', async (message: Asked | { value: unknown }) => {
    if ('value' in message) value = message.value
    else
      thread.postMessage({
        id: message.id,
        answer: await sharedRegistryRequests(message.config).request(...message.args),
      })
  })
  await once(thread, 'exit')
  return value
}

test('eight threads fetch a schema once, through the thread that makes their requests', async () => {
  const server = await startRegistryServer()
  try {
    const registry = { url: server.url }
    const bytes = await write({ ...registry, retries: 1 })
    const values = await Promise.all(Array.from({ length: 8 }, () => readInThread(registry, bytes)))
    expect(values).toEqual(Array(8).fill({ id: 'a' }))
    expect(server.asked.filter((what) => what.startsWith('GET /schemas/ids'))).toEqual(['GET /schemas/ids/1'])
  } finally {
    await server.close()
  }
})

test('mock:// is one registry for all threads', async () => {
  const registry = { url: 'mock://threads' }
  expect(await readInThread(registry, await write(registry))).toEqual({ id: 'a' })
})

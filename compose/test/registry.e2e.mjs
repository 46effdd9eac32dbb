// @ts-check
/** The launcher with a real registry: `node --test compose/test/registry.e2e.mjs` (Java 17, some 20 s). */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { startRegistry } from '../registry.mjs'

test('a registry registers, answers, and is gone when it is stopped', async () => {
  const registry = await startRegistry()
  try {
    const answer = await fetch(`${registry.url}/subjects/s/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: '"int"' }),
    })
    assert.equal(answer.status, 200)
    assert.deepEqual(await (await fetch(`${registry.url}/subjects`)).json(), ['s'])
  } finally {
    await registry.stop()
  }
  await assert.rejects(fetch(`${registry.url}/subjects`))
  await registry.stop()
})

test('a port that is taken is told with what the registry printed', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (other.address())
  try {
    await assert.rejects(startRegistry({ port }), /did not start.*or ended.*It printed:[\s\S]*in use/)
  } finally {
    other.close()
  }
})

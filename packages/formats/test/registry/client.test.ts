import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRegistryRequests, type RegistryError, SchemaRegistry, type SchemaText } from '../../src/registry.js'
import { rejection } from '../fixtures/failure.js'
import { type RegistryServer, startRegistryServer } from '../fixtures/registry-server.js'

const int: SchemaText = { type: 'AVRO', schema: '"int"' }
let server: RegistryServer
let registry: SchemaRegistry

beforeEach(async () => {
  server = await startRegistryServer()
  registry = new SchemaRegistry({ url: server.url, retries: 0 })
})
afterEach(() => server.close())

describe('SchemaRegistry', () => {
  test('a schema that is registered is found by its id, its subject and its version', async () => {
    const id = await registry.register('a/b c', int)
    expect(await registry.byId(id)).toEqual(int)
    const registered = { ...int, id, subject: 'a/b c', version: 1 }
    expect(await registry.version('a/b c', 'latest')).toEqual(registered)
    expect(await registry.version('a/b c', 1)).toEqual(registered)
    expect(await registry.find('a/b c', int)).toEqual(registered)
  })

  test('registering again changes nothing; the same schema in another subject has the same id', async () => {
    const id = await registry.register('a', int)
    expect(await registry.register('a', int)).toBe(id)
    expect(await registry.register('b', int)).toBe(id)
    expect((await registry.version('a', 'latest')).version).toBe(1)
  })

  test('references and types come back', async () => {
    await registry.register('base', { type: 'PROTOBUF', schema: 'message A {}' })
    const schema: SchemaText = {
      type: 'PROTOBUF',
      schema: 'import "base.proto";',
      references: [{ name: 'base.proto', subject: 'base', version: 1 }],
    }
    expect(await registry.byId(await registry.register('s', schema))).toEqual(schema)
  })

  test('schemas that differ in white space are one only when normalised', async () => {
    await registry.register('s', { type: 'AVRO', schema: '{"type":"int"}' })
    const spaced: SchemaText = { type: 'AVRO', schema: '{ "type": "int" }' }
    expect((await registry.find('s', spaced, { normalize: true })).version).toBe(1)
    expect((await rejection(registry.find('s', spaced))).code).toBe('ZK_SCHEMA_NOT_FOUND')
  })

  test('a subject without versions takes any schema', async () => {
    server.instead.push({ status: 404, body: '{"error_code":40401,"message":"Subject not found"}' })
    expect(await registry.compatibility('s', int)).toEqual({ compatible: true, why: [] })
  })

  test('what a registry says about incompatible schemas is passed on', async () => {
    server.instead.push({ status: 200, body: '{"is_compatible":false,"messages":["no default"]}' })
    expect(await registry.compatibility('s', int)).toEqual({ compatible: false, why: ['no default'] })
  })

  test.each<[string, number, string, RegistryError['code'], boolean]>([
    ['no such schema', 404, '{"error_code":40403,"message":"Schema 1 not found"}', 'ZK_SCHEMA_NOT_FOUND', false],
    ['no such path: no registry', 404, '<html>', 'ZK_REGISTRY_REFUSED', true],
    ['incompatible', 409, '{"error_code":409,"message":"BACKWARD"}', 'ZK_SCHEMA_INCOMPATIBLE', false],
    ['not valid', 422, '{"error_code":42201,"message":"bad"}', 'ZK_SCHEMA_INVALID', false],
    ['credentials', 401, '', 'ZK_REGISTRY_REFUSED', true],
    ['rights', 403, '{"error_code":40301,"message":"denied"}', 'ZK_REGISTRY_REFUSED', true],
    ['overloaded', 429, '', 'ZK_REGISTRY_UNAVAILABLE', true],
    ['in trouble', 500, '{"error_code":50001,"message":"store"}', 'ZK_REGISTRY_UNAVAILABLE', true],
    ['a login page', 200, '<html>', 'ZK_REGISTRY_REFUSED', true],
    ['another thing', 200, '{"a":1}', 'ZK_REGISTRY_REFUSED', true],
  ])('%s (%i) has a code of its own, and says who is to be asked', async (_why, status, body, code, retryable) => {
    server.instead.push({ status, body })
    const error = await rejection(registry.byId(1))
    expect(error).toMatchObject({ code, retryable, details: { registry: server.url } })
    expect(error.message).toContain(server.url)
  })

  test('a registry that is not there is unavailable', async () => {
    await server.close()
    expect(await rejection(registry.byId(1))).toMatchObject({ code: 'ZK_REGISTRY_UNAVAILABLE', retryable: true })
  })
})

describe('mock://', () => {
  test('is one registry for all who use its name, and another for another', async () => {
    const id = await new SchemaRegistry({ url: 'mock://one' }).register('s', int)
    const again = new SchemaRegistry({ url: 'mock://one' }, createRegistryRequests({ url: 'mock://one' }))
    expect(await again.byId(id)).toEqual(int)
    const other = new SchemaRegistry({ url: 'mock://two' })
    expect((await rejection(other.byId(id))).code).toBe('ZK_SCHEMA_NOT_FOUND')
  })

  test('refuses what is no schema, and a reference to what is not there', async () => {
    const mock = new SchemaRegistry({ url: 'mock://refuses' })
    const reference = { name: 'x', subject: 'x', version: 1 }
    const bad: SchemaText[] = [
      { type: 'AVRO', schema: '{' },
      { type: 'PROTOBUF', schema: ' ' },
      { ...int, references: [reference] },
    ]
    for (const schema of bad) expect((await rejection(mock.register('s', schema))).code).toBe('ZK_SCHEMA_INVALID')
  })

  test('numbers the versions of a subject, and says which is missing', async () => {
    const mock = new SchemaRegistry({ url: 'mock://versions' })
    await mock.register('s', int)
    await mock.register('s', { type: 'AVRO', schema: '"long"' })
    expect((await mock.version('s', 2)).schema).toBe('"long"')
    expect((await rejection(mock.version('s', 3))).message).toContain('Version 3 not found')
    expect((await rejection(mock.version('t', 'latest'))).message).toContain('the subject t')
    expect(await mock.compatibility('s', int)).toEqual({ compatible: true, why: [] })
  })
})

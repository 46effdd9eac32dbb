import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { Format, FormatPlace } from '../../src/index.js'
import { jsonRegistry, SchemaRegistry } from '../../src/registry.js'
import { failure, rejection } from '../fixtures/failure.js'

const place: FormatPlace = { topic: 'orders', part: 'value' }
const Order = z.object({ id: z.string() })
const jsonSchema = z.toJSONSchema(Order)
let mocks = 0
const mock = () => ({ url: `mock://json-${mocks++}` })

async function write<V>(of: Format<V>, value: V): Promise<Buffer> {
  await of.prepareEncode?.(place)
  return of.encode(value, place)
}

describe('jsonRegistry', () => {
  test('a value comes back, checked and typed by the schema that validates', async () => {
    const format = jsonRegistry({ registry: mock(), jsonSchema, validate: Order, autoRegister: true })
    expectTypeOf(format).toEqualTypeOf<Format<{ id: string }>>()
    const bytes = await write(format, { id: 'a' })
    expect(bytes.subarray(5).toString()).toBe('{"id":"a"}')
    expect(format.prepareDecode).toBeUndefined()
    expect(format.decode(bytes)).toEqual({ id: 'a' })
    const wrong = Buffer.concat([bytes.subarray(0, 5), Buffer.from('{"id":1}')])
    expect(failure(() => format.decode(wrong)).message).toContain('id: ')
  })

  test('without validation it is unknown, and what the JSON says', async () => {
    const format = jsonRegistry({ registry: mock(), jsonSchema, autoRegister: true })
    expectTypeOf(format).toEqualTypeOf<Format<unknown>>()
    expect(format.decode(await write(format, { other: 1 }))).toEqual({ other: 1 })
  })

  test('the schema is registered as JSON, with references, under its title where the strategy asks for a name', async () => {
    const registry = mock()
    const client = new SchemaRegistry(registry)
    await client.register('base', { type: 'JSON', schema: '{}' })
    const references = [{ name: 'base.json', subject: 'base', version: 1 }]
    const titled = { ...jsonSchema, title: 'Order' }
    await write(
      jsonRegistry({ registry, jsonSchema: titled, references, autoRegister: true, subjectStrategy: 'record' }),
      {},
    )
    expect(await client.version('Order', 1)).toMatchObject({ type: 'JSON', schema: JSON.stringify(titled), references })
  })

  test('a schema that the subject lacks is refused; without a schema it can read, and write with useLatest', async () => {
    const registry = mock()
    expect((await rejection(jsonRegistry({ registry, jsonSchema }).prepareEncode?.(place))).code).toBe(
      'ZK_SCHEMA_NOT_FOUND',
    )
    expect((await rejection(jsonRegistry({ registry }).prepareEncode?.(place))).message).toContain('no jsonSchema')
    const bytes = await write(jsonRegistry({ registry, jsonSchema, autoRegister: true }), { id: 'a' })
    expect(await write(jsonRegistry({ registry, useLatest: true }), { id: 'a' })).toEqual(bytes)
    expect(jsonRegistry({ registry }).decode(bytes)).toEqual({ id: 'a' })
  })

  test('evolution: an older reader and a newer one read what the other writes, from one subject', async () => {
    const registry = mock()
    const Newer = z.object({ id: z.string(), note: z.string().nullable().default(null) })
    const older = jsonRegistry({ registry, jsonSchema, validate: Order, autoRegister: true })
    const newer = jsonRegistry({
      registry,
      jsonSchema: z.toJSONSchema(Newer, { io: 'input' }),
      validate: Newer,
      autoRegister: true,
    })
    const old = await write(older, { id: 'old' })
    const fresh = await write(newer, { id: 'new', note: 'n' })
    expect(fresh.readInt32BE(1)).not.toBe(old.readInt32BE(1))
    expect((await new SchemaRegistry(registry).version('orders-value', 'latest')).version).toBe(2)
    expect(older.decode(fresh)).toEqual({ id: 'new' })
    expect(newer.decode(fresh)).toEqual({ id: 'new', note: 'n' })
    expect(newer.decode(old)).toEqual({ id: 'old', note: null })
  })

  test('a schema that is no JSON is refused at once', () => {
    expect(() => jsonRegistry({ registry: mock(), jsonSchema: '{' })).toThrow(/jsonSchema is no JSON/)
  })
})

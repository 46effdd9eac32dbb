import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import { type AvroRegistryOptions, avro, avroRegistry } from '../../src/avro.js'
import { type Format, type FormatPlace, withSchemaId } from '../../src/index.js'
import { createRegistryRequests, RegistryError, type RegistryRequests, SchemaRegistry } from '../../src/registry.js'
import { failure, rejection } from '../fixtures/failure.js'
import { type RegistryServer, startRegistryServer } from '../fixtures/registry-server.js'

const place: FormatPlace = { topic: 'orders', part: 'value' }
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more })
const record = (...fields: object[]) => ({ type: 'record', name: 'Order', namespace: 'com.shop', fields })
const v1 = record(field('id', 'string'))
const v2 = record(field('id', 'string'), field('note', ['null', 'string'], { default: null }))
const incompatible = record(field('other', 'int'))

let server: RegistryServer
beforeEach(async () => {
  server = await startRegistryServer()
})
afterEach(() => server.close())

function format<V = unknown>(more: Partial<AvroRegistryOptions> = {}): Format<V> {
  const { registry, ...rest } = more
  const opened = avroRegistry<V>({ registry: { url: server.url, retries: 0, ...registry }, schema: v1, ...rest })
  // Requests of its own for each, as if each ran in a process of its own.
  opened.open?.({ registry: (config) => createRegistryRequests(config) })
  return opened
}

async function write(of: Format<unknown>, value: unknown): Promise<Buffer> {
  await of.prepareEncode?.(place)
  return of.encode(value, place)
}

async function read<V>(of: Format<V>, bytes: Buffer): Promise<V> {
  await of.prepareDecode?.(bytes, place)
  return of.decode(bytes, place)
}

const writer = (more: Partial<AvroRegistryOptions> = {}) => format({ autoRegister: true, ...more })

describe('reading', () => {
  test('a value comes back, typed as the caller says', async () => {
    const reader = format<{ id: string }>()
    expectTypeOf(reader).toEqualTypeOf<Format<{ id: string }>>()
    expect(await read(reader, await write(writer(), { id: 'a' }))).toEqual({ id: 'a' })
  })

  test('once an id is known, nothing is waited for and nothing asked', async () => {
    const reader = format()
    const bytes = await write(writer(), { id: 'a' })
    await Promise.all([reader.prepareDecode?.(bytes, place), reader.prepareDecode?.(bytes, place)])
    const asked = server.asked.length
    expect(reader.prepareDecode?.(bytes, place)).toBeUndefined()
    reader.decode(bytes)
    expect(server.asked.filter((what) => what.startsWith('GET /schemas/ids'))).toHaveLength(1)
    expect(server.asked).toHaveLength(asked)
  })

  test('an old value gets the defaults of the new schema; a new value loses what the old one has not', async () => {
    expect(await read(format({ schema: v2 }), await write(writer(), { id: 'a' }))).toEqual({ id: 'a', note: null })
    expect(await read(format(), await write(writer({ schema: v2 }), { id: 'b', note: 'n' }))).toEqual({ id: 'b' })
  })

  test('without a schema a value is as it was written', async () => {
    const { schema: _, ...rest } = { schema: v1 }
    const reader = avroRegistry({ registry: { url: server.url }, ...rest })
    expect(await read(reader, await write(writer({ schema: v2 }), { id: 'b', note: 'n' }))).toEqual({
      id: 'b',
      note: 'n',
    })
  })

  test('a schema that cannot be read as ours fails its records, and is resolved once', async () => {
    const reader = format({ schema: incompatible })
    const bytes = await write(writer(), { id: 'a' })
    await reader.prepareDecode?.(bytes, place)
    const asked = server.asked.length
    for (let i = 0; i < 3; i++) {
      expect(reader.prepareDecode?.(bytes, place)).toBeUndefined()
      expect(failure(() => reader.decode(bytes))).toMatchObject({ code: 'ZK_SCHEMA_INCOMPATIBLE', retryable: false })
    }
    expect(server.asked).toHaveLength(asked)
  })

  test('a schema of another type fails its records', async () => {
    const id = await new SchemaRegistry({ url: server.url }).register('s', { type: 'JSON', schema: '{}' })
    const bytes = withSchemaId(id, avro({ schema: v1 })).encode({ id: 'a' })
    expect((await rejection(read(format(), bytes))).message).toContain('is of type JSON')
  })

  test('an id that the registry does not have fails the record, and is asked for anew', async () => {
    const reader = format()
    const bytes = withSchemaId(77, avro({ schema: v1 })).encode({ id: 'a' })
    for (let i = 0; i < 2; i++) {
      expect(await rejection(reader.prepareDecode?.(bytes, place))).toMatchObject({
        code: 'ZK_SCHEMA_NOT_FOUND',
        retryable: false,
      })
    }
    expect(server.asked).toHaveLength(2)
  })

  test('a registry that is down is nothing against the record: when it is back the record is read', async () => {
    const reader = format()
    const bytes = await write(writer(), { id: 'a' })
    server.instead.push({ status: 503 })
    expect(await rejection(reader.prepareDecode?.(bytes, place))).toMatchObject({
      code: 'ZK_REGISTRY_UNAVAILABLE',
      retryable: true,
    })
    expect(await read(reader, bytes)).toEqual({ id: 'a' })
  })

  test('bytes that are no such value are decode’s to refuse, without a request', () => {
    const reader = format()
    for (const bytes of [Buffer.alloc(0), Buffer.from([0, 0, 0, 0]), Buffer.from('{"a":1}')]) {
      expect(reader.prepareDecode?.(bytes, place)).toBeUndefined()
      expect(failure(() => reader.decode(bytes)).code).toBe('ZK_DECODE_FAILED')
    }
    expect(server.asked).toEqual([])
  })

  test('decode without prepareDecode says so', async () => {
    const bytes = await write(writer(), { id: 'a' })
    expect(failure(() => format().decode(bytes)).message).toContain('await prepareDecode')
  })
})

describe('writing', () => {
  test('without autoRegister a schema that the subject lacks is refused, and nothing is registered', async () => {
    const error = await rejection(format().prepareEncode?.(place))
    expect(error).toMatchObject({ code: 'ZK_SCHEMA_NOT_FOUND' })
    expect(error.message).toContain('orders-value')
    expect(server.asked).toEqual(['POST /subjects/orders-value?normalize=true'])
  })

  test('without a schema nothing can be written, and the error says so', async () => {
    const reader = avroRegistry({ registry: { url: server.url } })
    expect(await rejection(write(reader, { id: 'a' }))).toMatchObject({
      code: 'ZK_ENCODE_FAILED',
      message: expect.stringContaining('it has no schema to write with'),
    })
    expect(server.asked).toEqual([])
  })

  test('the schema is registered or looked up once for each subject', async () => {
    const of = writer()
    await Promise.all([of.prepareEncode?.(place), of.prepareEncode?.(place)])
    expect(of.prepareEncode?.(place)).toBeUndefined()
    await of.prepareEncode?.({ topic: 'orders', part: 'key' })
    expect(server.asked).toEqual([
      'POST /subjects/orders-value/versions?normalize=true',
      'POST /subjects/orders-key/versions?normalize=true',
    ])
  })

  test.each<[Partial<AvroRegistryOptions>, string]>([
    [{}, 'orders-value'],
    [{ subjectStrategy: 'record' }, 'com.shop.Order'],
    [{ subjectStrategy: 'topic-record' }, 'orders-com.shop.Order'],
    [{ subject: 'mine' }, 'mine'],
    [{ subject: ({ topic, part }, name) => `${part}/${topic}/${name}` }, 'value/orders/com.shop.Order'],
  ])('%j names the subject %s', async (options, subject) => {
    await write(writer(options), { id: 'a' })
    expect((await new SchemaRegistry({ url: server.url }).version(subject, 'latest')).version).toBe(1)
  })

  test('useLatest writes under the latest version, and sees a newer one after its time', async () => {
    await write(writer(), { id: 'a' })
    const latest = format({ useLatest: true, registry: { url: server.url, latestTtlMs: 0 } })
    const first = await write(latest, { id: 'a' })
    await write(writer({ schema: v2 }), { id: 'a', note: null })
    const second = await write(latest, { id: 'a', note: 'n' })
    expect(second.readInt32BE(1)).not.toBe(first.readInt32BE(1))
    expect(await read(format({ schema: v2 }), second)).toEqual({ id: 'a', note: 'n' })
    // What was the latest is still good while the registry is down.
    server.instead.push({ status: 503 })
    expect((await write(latest, { id: 'b', note: null })).readInt32BE(1)).toBe(second.readInt32BE(1))
  })

  test('checkCompatibility asks before it registers, and says why not', async () => {
    server.instead.push({ status: 200, body: '{"is_compatible":false,"messages":["note has no default"]}' })
    const error = await rejection(writer({ checkCompatibility: true }).prepareEncode?.(place))
    expect(error.code).toBe('ZK_SCHEMA_INCOMPATIBLE')
    expect(error.message).toContain('note has no default')
    expect(server.asked).toHaveLength(1)
  })

  test('a registry that refuses to register is incompatible too', async () => {
    server.instead.push({ status: 409, body: '{"error_code":409,"message":"no"}' })
    expect((await rejection(writer().prepareEncode?.(place))).code).toBe('ZK_SCHEMA_INCOMPATIBLE')
  })

  test('encode without prepareEncode, and without a place, says so', () => {
    expect(failure(() => writer().encode({ id: 'a' }, place)).message).toContain('await prepareEncode')
    expect(failure(() => writer().encode({ id: 'a' })).message).toContain('no place was given')
  })

  test.each<[string, object]>([
    ['a strategy and a subject', { subject: 'x', subjectStrategy: 'topic' }],
    ['autoRegister and useLatest', { autoRegister: true, useLatest: true }],
    ['a record strategy without a name', { schema: '"int"', subjectStrategy: 'record' }],
    ['a strategy that there is not', { subjectStrategy: 'tpoic' }],
    ['a schema that is not valid', { schema: { type: 'recrod' } }],
    ['no url', { registry: {} }],
  ])('%s is refused at once', (_what, options) => {
    expect(() =>
      avroRegistry({ registry: { url: server.url }, schema: v1, ...options } as AvroRegistryOptions),
    ).toThrow(TypeError)
  })
})

describe('references', () => {
  const address = { type: 'record', name: 'Address', namespace: 'com.shop', fields: [field('city', 'string')] }
  const person = {
    type: 'record',
    name: 'Person',
    namespace: 'com.shop',
    fields: [field('home', 'Address'), field('work', ['null', 'com.shop.Address'], { default: null })],
  }
  const company = { type: 'record', name: 'Company', namespace: 'com.shop', fields: [field('boss', 'Person')] }
  const value = { boss: { home: { city: 'Ulm' }, work: { city: 'Bonn' } } }

  test('types of other subjects are found, those that they refer to as well', async () => {
    const registry = new SchemaRegistry({ url: server.url })
    await registry.register('address', { type: 'AVRO', schema: JSON.stringify(address) })
    const toAddress = [{ name: 'com.shop.Address', subject: 'address', version: 1 }]
    await registry.register('person', { type: 'AVRO', schema: JSON.stringify(person), references: toAddress })
    const references = [{ name: 'com.shop.Person', subject: 'person', version: 1 }]
    const bytes = await write(writer({ schema: company, references }), value)
    expect(await read(format({ schema: company, references }), bytes)).toEqual(value)
    expect(await read(avroRegistry({ registry: { url: server.url } }), bytes)).toEqual(value)
    expect((await registry.version('orders-value', 1)).references).toEqual(references)
  })

  test('a type that no reference has is a schema that is not valid', async () => {
    const error = await rejection(writer({ schema: person, references: [] }).prepareEncode?.(place))
    expect(error.code).toBe('ZK_SCHEMA_INVALID')
  })
})

test('with a host all requests are its own: N threads fetch a schema once', async () => {
  const bytes = await write(writer(), { id: 'a' })
  const one: RegistryRequests = createRegistryRequests({ url: server.url })
  const asked: unknown[] = []
  const threads = Array.from({ length: 8 }, () => {
    const of = avroRegistry({ registry: { url: server.url }, schema: v2 })
    of.open?.({
      registry: (config) => {
        asked.push(structuredClone(config))
        return { request: (...args) => one.request(...args) }
      },
    })
    return of
  })
  for (const value of await Promise.all(threads.map((of) => read(of, bytes))))
    expect(value).toEqual({ id: 'a', note: null })
  expect(server.asked.filter((what) => what.startsWith('GET /schemas/ids'))).toHaveLength(1)
  expect(asked).toEqual(Array(8).fill({ url: server.url }))
  expect(new RegistryError('ZK_REGISTRY_UNAVAILABLE', 'r', 'x').retryable).toBe(true)
})

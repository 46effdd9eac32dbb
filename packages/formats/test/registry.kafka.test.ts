/**
 * Against a real registry: Apicurio through the API of Confluent's, which `pnpm test:kafka` starts. Confluent's own client
 * talks to it beside ours, but for reading Protobuf: it needs descriptors, which Apicurio does not give. What ours asks goes through a
 * proxy, which shows that it never wants these.
 */

import { readFileSync } from 'node:fs'
import { create, createMutableRegistry, equals, fromBinary, type Message } from '@bufbuild/protobuf'
import {
  AvroDeserializer,
  AvroSerializer,
  JsonDeserializer,
  JsonSerializer,
  ProtobufSerializer,
  SchemaRegistryClient,
  SerdeType,
} from '@confluentinc/schemaregistry'
import avsc from 'avsc'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { avroRegistry } from '../src/avro.js'
import type { Format, FormatPlace } from '../src/index.js'
import { protoRegistry } from '../src/proto.js'
import { createRegistryRequests, jsonRegistry, SchemaRegistry } from '../src/registry.js'
import { rejection } from './fixtures/failure.js'
import { startRegistryProxy } from './fixtures/registry-proxy.js'
import { CustomerSchema, Order_Line_DiscountSchema, Order_LineSchema, OrderSchema } from './fixtures/shop/order_pb.js'
import { OrderSchema as OrderV2Schema } from './fixtures/shop/order_v2_pb.js'

const url = process.env.SCHEMA_REGISTRY_URL
if (!url) throw new Error('SCHEMA_REGISTRY_URL does not name a registry: run `pnpm test:kafka`, which starts one')

const proxy = await startRegistryProxy(url)
const registry = { url: proxy.url }
const ours = new SchemaRegistry(registry)
const theirs = SchemaRegistryClient.newClient({ baseURLs: [url] })
const run = Date.now().toString(36)
let tests = 0
/** A topic, and so subjects, of each test's own. */
let topic: string
let place: FormatPlace

beforeEach(() => {
  topic = `formats-${run}-${tests++}`
  place = { topic, part: 'value' }
})

afterAll(async () => {
  await proxy.close()
  expect(proxy.asked.length, 'it is asked through the proxy').toBeGreaterThan(50)
  expect(proxy.asked.filter((what) => what.includes('format='))).toEqual([])
})

async function write<V>(format: Format<V>, value: V): Promise<Buffer> {
  await format.prepareEncode?.(place)
  return format.encode(value, place)
}

/** By a format that knows nothing yet, with requests of its own. */
async function read<V>(format: Format<V>, bytes: Buffer): Promise<V> {
  format.open?.({ registry: (config) => createRegistryRequests(config) })
  await format.prepareDecode?.(bytes, place)
  return format.decode(bytes, place)
}

const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more })
const record = (name: string, ...fields: object[]) => ({ type: 'record', name, namespace: 'com.shop', fields })

describe('avro', () => {
  const v1 = record(
    'Order',
    field('id', ['null', 'string']),
    field('at', { type: 'long', logicalType: 'timestamp-millis' }),
  )
  const v2 = record('Order', ...v1.fields, field('n', 'long', { default: 7 }))
  const of = (schema: object, more: object = {}) =>
    avroRegistry<unknown>({ registry, schema, autoRegister: true, long: 'bigint', ...more })
  const at = new Date(1_700_000_000_123)

  test('evolution both ways, by us and by them', async () => {
    const old = await write(of(v1), { id: 'old', at })
    const fresh = await write(of(v2), { id: null, at, n: 2n ** 60n })
    expect(await read(of(v2), old)).toEqual({ id: 'old', at, n: 7n })
    expect(await read(of(v1), fresh)).toEqual({ id: null, at })

    const serializer = new AvroSerializer(theirs, SerdeType.VALUE, { useLatestVersion: true })
    const deserializer = new AvroDeserializer(theirs, SerdeType.VALUE, { useLatestVersion: true })
    const theirOwn = await serializer.serialize(topic, { id: 'x', at: at.getTime(), n: 1 })
    expect(theirOwn).toEqual(await write(of(v2), { id: 'x', at, n: 1n }))
    expect(await deserializer.deserialize(topic, old)).toEqual({ id: 'old', at: at.getTime(), n: 7 })
  })

  test('the same bytes by us and by them: unions, dates, decimals, int64 beyond 2^53', async () => {
    const schema = record(
      'Everything',
      field('id', ['null', 'string', { type: 'array', items: 'int' }]),
      field('big', 'long'),
      field('day', ['null', { type: 'int', logicalType: 'date' }]),
      field('price', { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }),
    )
    const value = { id: [1, 2], big: 2n ** 62n + 1n, day: new Date('2026-02-28'), price: '-12.34' }
    // Without logical types they have what these are made of.
    const raw = { ...value, day: value.day.getTime() / 86_400_000, price: Buffer.from('fb2e', 'hex') }
    const long = avsc.types.LongType.__with({
      fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(0),
      toBuffer: (given: bigint) => Buffer.from(new BigInt64Array([given]).buffer),
      fromJSON: BigInt,
      toJSON: Number,
      isValid: (given: unknown) => typeof given === 'bigint',
      compare: (a: bigint, b: bigint) => Number(a - b),
    })
    const written = await write(of(schema), value)
    // avsc keeps the names of types in it, so each has its own.
    const deserializer = new AvroDeserializer(theirs, SerdeType.VALUE, { registry: { long } })
    expect(await deserializer.deserialize(topic, written)).toEqual(raw)
    const serializer = new AvroSerializer(theirs, SerdeType.VALUE, { useLatestVersion: true, registry: { long } })
    const back = await serializer.serialize(topic, raw)
    expect(back).toEqual(written)
    expect(await read(of(schema), back)).toEqual(value)
  })

  test('references', async () => {
    const address = record('Address', field('city', 'string'))
    const subject = `${topic}-address`
    await ours.register(subject, { type: 'AVRO', schema: JSON.stringify(address) })
    const references = [{ name: 'com.shop.Address', subject, version: 1 }]
    const person = record('Person', field('home', 'com.shop.Address'))
    const bytes = await write(of(person, { references }), { home: { city: 'Ulm' } })
    expect(await read(of(person, { references }), bytes)).toEqual({ home: { city: 'Ulm' } })
    expect(await new AvroDeserializer(theirs, SerdeType.VALUE, {}).deserialize(topic, bytes)).toEqual({
      home: { city: 'Ulm' },
    })
  })

  test('a schema written in another form is found, normalised', async () => {
    const text = JSON.stringify(v1, undefined, 4)
    const bytes = await write(of(v1), { id: 'a', at })
    expect(await write(avroRegistry<unknown>({ registry, schema: text }), { id: 'a', at })).toEqual(bytes)
  })

  test('what does not fit the level of the subject is refused, with and without asking before', async () => {
    await write(of(v1), { id: 'a', at })
    const subject = `${topic}-value`
    await ours.setCompatibility(subject, 'BACKWARD')
    const bad = record('Order', field('other', 'int'))
    expect(await ours.compatibility(subject, { type: 'AVRO', schema: JSON.stringify(bad) })).toMatchObject({
      compatible: false,
    })
    expect(await ours.compatibility(subject, { type: 'AVRO', schema: JSON.stringify(v2) })).toMatchObject({
      compatible: true,
    })
    for (const checkCompatibility of [false, true]) {
      const error = await rejection(of(bad, { checkCompatibility }).prepareEncode?.(place))
      expect(error).toMatchObject({ code: 'ZK_SCHEMA_INCOMPATIBLE', retryable: false })
    }
  })
})

describe('proto', () => {
  const text = (name: string) => readFileSync(new URL(`./fixtures/proto/shop/${name}`, import.meta.url), 'utf8')
  const sources = { 'shop/order.proto': text('order.proto'), 'shop/money.proto': text('money.proto') }
  const order = create(OrderSchema, {
    id: 'a',
    number: 2n ** 62n,
    total: { currency: 'EUR', units: 1n },
    lines: [{ sku: 'x' }],
  })

  test('registered from .proto text, imports as references, and read by the generated schema', async () => {
    const bytes = await write(protoRegistry(OrderSchema, { registry, sources, autoRegister: true }), order)
    expect(equals(OrderSchema, await read(protoRegistry(OrderSchema, { registry }), bytes), order)).toBe(true)
    const { type, references } = await ours.version(`${topic}-value`, 'latest')
    expect(type).toBe('PROTOBUF')
    expect(references).toEqual([expect.objectContaining({ name: 'shop/money.proto', subject: 'shop/money.proto' })])
    // Looked up, by one who may not register.
    expect(await write(protoRegistry(OrderSchema, { registry, sources }), order)).toEqual(bytes)
  })

  const messages = [
    ['the first of its file', CustomerSchema, create(CustomerSchema, { name: 'Ada' }), '00'],
    ['the second, with an import', OrderSchema, order, '0202'],
    ['one nested in another', Order_LineSchema, create(Order_LineSchema, { sku: 'x', quantity: 5n }), '040200'],
    ['one nested twice', Order_Line_DiscountSchema, create(Order_Line_DiscountSchema, { percent: 1 }), '06020000'],
  ] as const

  describe.each([
    ['its .proto text', { sources }],
    ['its descriptor', {}],
  ])('registered as %s', (_form, given) => {
    test.each(messages)(
      '%s: its indexes, then what the bare library reads',
      async (_what, schema, message, indexes) => {
        const format = protoRegistry(schema as typeof OrderSchema, { registry, autoRegister: true, ...given })
        const bytes = await write(format, message as typeof order)
        const body = 5 + indexes.length / 2
        expect(bytes.subarray(5, body).toString('hex')).toBe(indexes)
        const bare: Message = fromBinary(schema as typeof OrderSchema, bytes.subarray(body))
        expect(bare).toEqual(message)
        const reader = protoRegistry(schema as typeof OrderSchema, { registry })
        expect(equals(schema as typeof OrderSchema, await read(reader, bytes), message as typeof order)).toBe(true)
      },
    )
  })

  test.each(messages)('%s: what they register and write we read, and look up', async (_what, schema, message) => {
    const protobuf = createMutableRegistry(CustomerSchema, OrderSchema, Order_LineSchema, Order_Line_DiscountSchema)
    const serializer = new ProtobufSerializer(theirs, SerdeType.VALUE, {
      autoRegisterSchemas: true,
      registry: protobuf,
    })
    const back = await serializer.serialize(topic, message)
    const format = protoRegistry(schema as typeof OrderSchema, { registry })
    expect(equals(schema as typeof OrderSchema, await read(format, back), message as typeof order)).toBe(true)
    expect(await write(format, message as typeof order)).toEqual(back)
  })

  test('an older reader of what a newer writer registered', async () => {
    const newer = create(OrderV2Schema, { orderId: 'n', number: 2n ** 61n, notes: ['x'] })
    const v2 = { 'shop/order_v2.proto': text('order_v2.proto') }
    const bytes = await write(protoRegistry(OrderV2Schema, { registry, sources: v2, autoRegister: true }), newer)
    expect(await read(protoRegistry(OrderSchema, { registry }), bytes)).toMatchObject({ id: 'n', number: 2n ** 61n })
  })

  test('nested messages, and another version of the message', async () => {
    const line = create(Order_LineSchema, { sku: 'x', quantity: 2n ** 63n })
    const lines = protoRegistry(Order_LineSchema, { registry, sources, autoRegister: true })
    expect(equals(Order_LineSchema, await read(lines, await write(lines, line)), line)).toBe(true)
    const bytes = await write(protoRegistry(OrderSchema, { registry, sources, autoRegister: true }), order)
    expect(await read(protoRegistry(OrderV2Schema, { registry }), bytes)).toMatchObject({
      orderId: 'a',
      number: 2n ** 62n,
    })
  })
})

describe('json', () => {
  test('the same bytes by us and by them, both validated', async () => {
    const Order = z.object({ id: z.string() })
    const jsonSchema = z.toJSONSchema(Order, { target: 'draft-7' })
    const format = jsonRegistry({ registry, jsonSchema, validate: Order, autoRegister: true })
    const bytes = await write(format, { id: 'ÿ' })
    const serializer = new JsonSerializer(theirs, SerdeType.VALUE, { useLatestVersion: true, validate: true })
    const deserializer = new JsonDeserializer(theirs, SerdeType.VALUE, { validate: true })
    expect(await serializer.serialize(topic, { id: 'ÿ' })).toEqual(bytes)
    expect(await deserializer.deserialize(topic, bytes)).toEqual({ id: 'ÿ' })
    expect(await read(format, bytes)).toEqual({ id: 'ÿ' })
  })

  test('references', async () => {
    const address = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    const subject = `${topic}-address`
    await ours.register(subject, { type: 'JSON', schema: JSON.stringify(address) })
    const references = [{ name: 'address.json', subject, version: 1 }]
    const jsonSchema = { type: 'object', properties: { home: { $ref: 'address.json' } } }
    const format = jsonRegistry({ registry, jsonSchema, references, autoRegister: true })
    const ada = { home: { city: 'Ulm' } }
    const bytes = await write(format, ada)
    const deserializer = new JsonDeserializer(theirs, SerdeType.VALUE, { validate: true })
    expect(await deserializer.deserialize(topic, bytes)).toEqual(ada)
    expect(await read(format, bytes)).toEqual(ada)
    expect((await ours.version(`${topic}-value`, 'latest')).references).toEqual(references)
  })

  test('evolution: two versions in one subject, each read by the other', async () => {
    const Order = z.object({ id: z.string() })
    const Newer = z.object({ id: z.string(), note: z.string().nullable().default(null) })
    const of = <V>(validate: z.ZodType<V>) =>
      jsonRegistry({
        ...{ registry, validate, autoRegister: true },
        jsonSchema: z.toJSONSchema(validate, { target: 'draft-7', io: 'input' }),
      })
    const old = await write(of(Order), { id: 'old' })
    const fresh = await write(of(Newer), { id: 'new', note: 'n' })
    expect(fresh.readInt32BE(1)).not.toBe(old.readInt32BE(1))
    expect(await read(of(Order), fresh)).toEqual({ id: 'new' })
    expect(await read(of(Newer), fresh)).toEqual({ id: 'new', note: 'n' })
    expect(await read(of(Newer), old)).toEqual({ id: 'old', note: null })
  })
})

describe('errors', () => {
  test('an id, a subject and a version that are not there', async () => {
    const missing = [
      () => ours.byId(2_000_000_000),
      () => ours.version(`${topic}-value`, 'latest'),
      () => ours.version(`${topic}-value`, 1),
    ]
    for (const ask of missing) {
      expect(await rejection(ask())).toMatchObject({ code: 'ZK_SCHEMA_NOT_FOUND', retryable: false })
    }
    const unregistered = avroRegistry({ registry, schema: record('Never', field('x', 'int')) })
    expect((await rejection(unregistered.prepareEncode?.(place))).code).toBe('ZK_SCHEMA_NOT_FOUND')
  })

  test('a schema that is none', async () => {
    expect((await rejection(ours.register(topic, { type: 'AVRO', schema: '{"type":"nope"}' }))).code).toBe(
      'ZK_SCHEMA_INVALID',
    )
  })
})

/**
 * @confluentinc/schemaregistry as the oracle: what it writes we read, what we write it reads, and both have the same bytes.
 * Both talk to the same registry over HTTP.
 */

import { readFileSync } from 'node:fs'
import { create, createMutableRegistry, equals, type Message, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import {
  AvroDeserializer,
  AvroSerializer,
  JsonDeserializer,
  JsonSerializer,
  ProtobufDeserializer,
  ProtobufSerializer,
  SchemaRegistryClient,
  SerdeType,
} from '@confluentinc/schemaregistry'
import avsc from 'avsc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { avroRegistry } from '../src/avro.js'
import type { Format, FormatPlace } from '../src/index.js'
import { protoRegistry } from '../src/proto.js'
import { createRegistryRequests, jsonRegistry, SchemaRegistry } from '../src/registry.js'
import { type RegistryServer, startRegistryServer } from './fixtures/registry-server.js'
import { file_shop_money } from './fixtures/shop/money_pb.js'
import {
  CustomerSchema,
  file_shop_order,
  Order_Line_DiscountSchema,
  Order_LineSchema,
  OrderSchema,
} from './fixtures/shop/order_pb.js'
import { OrderSchema as OrderV2Schema } from './fixtures/shop/order_v2_pb.js'

const place: FormatPlace = { topic: 'orders', part: 'value' }
const proto = (name: string) => readFileSync(new URL(`./fixtures/proto/shop/${name}`, import.meta.url), 'utf8')
const serialized = new Map([
  [proto('order.proto'), Buffer.from(toBinary(FileDescriptorProtoSchema, file_shop_order.proto)).toString('base64')],
  [proto('money.proto'), Buffer.from(toBinary(FileDescriptorProtoSchema, file_shop_money.proto)).toString('base64')],
])

let server: RegistryServer
let theirs: ReturnType<typeof SchemaRegistryClient.newClient>
let ours: SchemaRegistry
let registry: { url: string }

beforeEach(async () => {
  server = await startRegistryServer(serialized)
  registry = { url: server.url }
  theirs = SchemaRegistryClient.newClient({ baseURLs: [server.url] })
  ours = new SchemaRegistry(registry, createRegistryRequests(registry))
})
afterEach(() => server.close())

async function write<V>(format: Format<V>, value: V): Promise<Buffer> {
  await format.prepareEncode?.(place)
  return format.encode(value, place)
}

async function read<V>(format: Format<V>, bytes: Buffer): Promise<V> {
  await format.prepareDecode?.(bytes, place)
  return format.decode(bytes, place)
}

describe('avro', () => {
  const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more })
  const schema = {
    type: 'record',
    name: 'Order',
    namespace: 'com.shop',
    fields: [
      field('id', ['null', 'string', { type: 'array', items: 'int' }]),
      field('big', 'long'),
      field('at', { type: 'long', logicalType: 'timestamp-millis' }),
      field('day', ['null', { type: 'int', logicalType: 'date' }]),
      field('price', { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }),
      field('kind', { type: 'enum', name: 'Kind', symbols: ['A', 'B'] }),
      field('tags', { type: 'map', values: 'double' }),
    ],
  }
  const big = 2n ** 62n + 1n
  const value = {
    id: 'ÿ',
    big,
    at: new Date(1_700_000_000_123),
    day: new Date('2026-02-28'),
    price: '-12.34',
    kind: 'B',
    tags: { a: 0.5 },
  }
  /** The same as they have it: without logical types. */
  const raw = {
    ...value,
    at: value.at.getTime(),
    day: value.day.getTime() / 86_400_000,
    price: Buffer.from('fb2e', 'hex'),
  }
  // A bigint for each long, which they leave to avsc.
  const long = avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(0),
    toBuffer: (of: bigint) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64LE(of)
      return bytes
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (of: unknown) => typeof of === 'bigint',
    compare: (a: bigint, b: bigint) => Number(a - b),
  })
  const serializer = (conf: object = {}) =>
    new AvroSerializer(theirs, SerdeType.VALUE, { useLatestVersion: true, ...conf })
  const deserializer = (conf: object = {}) => new AvroDeserializer(theirs, SerdeType.VALUE, conf)
  const format = (more: object = {}) => avroRegistry({ registry, schema, autoRegister: true, long: 'bigint', ...more })

  test('the same bytes both ways: unions, logical types, int64 beyond 2^53', async () => {
    const written = await write(format(), value)
    expect(await write(format({ logicalTypes: 'raw' }), { ...raw, at: BigInt(raw.at) })).toEqual(written)
    // avsc keeps the names of types in it, so each has its own.
    const conf = () => ({ registry: { long } })
    expect(await deserializer(conf()).deserialize('orders', written)).toEqual(raw)
    const back = await serializer(conf()).serialize('orders', raw)
    expect(back).toEqual(written)
    expect(await read(format(), back)).toEqual(value)
  })

  test('evolution: what they write with a newer version we read with an older one, and the other way', async () => {
    const v1 = { type: 'record', name: 'E', fields: [field('id', 'string')] }
    const v2 = { type: 'record', name: 'E', fields: [field('id', 'string'), field('n', 'int', { default: 7 })] }
    const of = (version: object) => avroRegistry({ registry, schema: version, autoRegister: true })
    const old = await write(of(v1), { id: 'old' })
    await write(of(v2), { id: 'x', n: 1 })
    const fresh = await serializer().serialize('orders', { id: 'new', n: 2 })
    expect(await read(of(v1), fresh)).toEqual({ id: 'new' })
    expect(await read(of(v2), old)).toEqual({ id: 'old', n: 7 })
    expect(await deserializer({ useLatestVersion: true }).deserialize('orders', old)).toEqual({ id: 'old', n: 7 })
  })

  test('evolution: what we write with a newer version they read with an older one', async () => {
    const v1 = { type: 'record', name: 'E', fields: [field('id', 'string')] }
    const v2 = { type: 'record', name: 'E', fields: [field('id', 'string'), field('n', 'int', { default: 7 })] }
    const of = (version: object) => avroRegistry({ registry, schema: version, autoRegister: true })
    const fresh = await write(of(v2), { id: 'new', n: 2 })
    // The latest is what they read with.
    await write(of(v1), { id: 'x' })
    expect(await deserializer({ useLatestVersion: true }).deserialize('orders', fresh)).toEqual({ id: 'new' })
  })

  test('references', async () => {
    const address = { type: 'record', name: 'Address', namespace: 'com.shop', fields: [field('city', 'string')] }
    await ours.register('address', { type: 'AVRO', schema: JSON.stringify(address) })
    const references = [{ name: 'com.shop.Address', subject: 'address', version: 1 }]
    const person = { type: 'record', name: 'Person', fields: [field('home', 'com.shop.Address')] }
    const of = () => avroRegistry({ registry, schema: person, references, autoRegister: true })
    const ada = { home: { city: 'Ulm' } }
    const written = await write(of(), ada)
    expect(await deserializer().deserialize('orders', written)).toEqual(ada)
    expect(await serializer().serialize('orders', ada)).toEqual(written)
    expect(await read(of(), written)).toEqual(ada)
  })
})

describe('proto', () => {
  const order = create(OrderSchema, {
    id: 'o-1',
    number: 2n ** 62n + 1n,
    customer: { name: 'Ada' },
    lines: [{ sku: 'x', quantity: 2n ** 63n, discount: { percent: 12.5, reason: 'r' } }],
    total: { currency: 'EUR', units: -5n },
    at: create(TimestampSchema, { seconds: 1_700_000_000n }),
    tags: { a: 'b' },
    payment: { case: 'card', value: '4711' },
    deltas: [-1n, 2n ** 62n],
  })
  const protobuf = createMutableRegistry(
    CustomerSchema,
    OrderSchema,
    Order_LineSchema,
    Order_Line_DiscountSchema,
    OrderV2Schema,
  )
  const serializer = () =>
    new ProtobufSerializer(theirs, SerdeType.VALUE, { autoRegisterSchemas: true, registry: protobuf })
  const deserializer = () => new ProtobufDeserializer(theirs, SerdeType.VALUE, {})
  const options = () => ({ registry, autoRegister: true })
  const plain = (message: Message) =>
    JSON.parse(
      JSON.stringify(message, (key, of) => (key === '$typeName' ? undefined : typeof of === 'bigint' ? `${of}n` : of)),
    )

  test.each([
    ['the first of its file', CustomerSchema, create(CustomerSchema, { name: 'Ada' })],
    ['the second, with an import', OrderSchema, order],
    ['one nested in another', Order_LineSchema, create(Order_LineSchema, { sku: 'x', quantity: 5n })],
    ['one nested twice', Order_Line_DiscountSchema, create(Order_Line_DiscountSchema, { percent: 1 })],
  ] as const)('the same bytes both ways: %s', async (_what, schema, message) => {
    // biome-ignore lint/suspicious/noExplicitAny: one of four messages, each with its own schema
    const format = protoRegistry(schema as any, options()) as Format<any>
    const written = await write(format, message)
    const back = await serializer().serialize('orders', message)
    expect(back).toEqual(written)
    expect(equals(schema as typeof OrderSchema, await read(format, back), message as typeof order)).toBe(true)
    expect(plain(await deserializer().deserialize('orders', written))).toEqual(plain(message))
  })

  test('registered from .proto text they read it too', async () => {
    const sources = { 'shop/order.proto': proto('order.proto'), 'shop/money.proto': proto('money.proto') }
    const written = await write(protoRegistry(OrderSchema, { ...options(), sources }), order)
    expect(plain(await deserializer().deserialize('orders', written))).toEqual(plain(order))
  })

  test('what they registered is found without autoRegister, imports as well', async () => {
    const back = await serializer().serialize('orders', order)
    expect(await write(protoRegistry(OrderSchema, { registry }), order)).toEqual(back)
  })

  test('evolution: an older reader and a newer one', async () => {
    const newer = create(OrderV2Schema, { orderId: 'n', number: 5n, notes: ['x'] })
    const back = await serializer().serialize('orders-2', newer)
    expect(await read(protoRegistry(OrderSchema, options()), back)).toMatchObject({ id: 'n', number: 5n })
    const old = await serializer().serialize('orders', order)
    expect(await read(protoRegistry(OrderV2Schema, options()), old)).toMatchObject({ orderId: 'o-1', notes: [] })
  })
})

describe('json', () => {
  const Order = z.object({ id: z.string(), n: z.number() })
  const jsonSchema = z.toJSONSchema(Order, { target: 'draft-7' })
  const value = { id: 'ÿ', n: 1.5 }

  test('the same bytes both ways, and both validate', async () => {
    const format = jsonRegistry({ registry, jsonSchema, validate: Order, autoRegister: true })
    const written = await write(format, value)
    const serializer = new JsonSerializer(theirs, SerdeType.VALUE, { useLatestVersion: true, validate: true })
    const deserializer = new JsonDeserializer(theirs, SerdeType.VALUE, { validate: true })
    expect(await serializer.serialize('orders', value)).toEqual(written)
    expect(await deserializer.deserialize('orders', written)).toEqual(value)
    expect(await read(format, written)).toEqual(value)
  })

  test('references: both find the type in its own subject, and both refuse what it does not allow', async () => {
    const address = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    await ours.register('address', { type: 'JSON', schema: JSON.stringify(address) })
    const references = [{ name: 'address.json', subject: 'address', version: 1 }]
    const person = { type: 'object', properties: { home: { $ref: 'address.json' } } }
    const Person = z.object({ home: z.object({ city: z.string() }) })
    const of = (validate: z.ZodType) =>
      jsonRegistry<unknown>({ registry, jsonSchema: person, references, validate, autoRegister: true })
    const ada = { home: { city: 'Ulm' } }
    const written = await write(of(Person), ada)
    const serializer = new JsonSerializer(theirs, SerdeType.VALUE, { useLatestVersion: true, validate: true })
    const deserializer = new JsonDeserializer(theirs, SerdeType.VALUE, { validate: true })
    expect(await serializer.serialize('orders', ada)).toEqual(written)
    expect(await deserializer.deserialize('orders', written)).toEqual(ada)
    expect(await read(of(Person), written)).toEqual(ada)
    expect((await ours.version('orders-value', 'latest')).references).toEqual(references)
    const bad = await write(of(z.unknown()), { home: { city: 5 } })
    await expect(deserializer.deserialize('orders', bad)).rejects.toThrow()
    await expect(read(of(Person), bad)).rejects.toMatchObject({ code: 'ZK_DECODE_FAILED' })
  })

  test('evolution in both directions', async () => {
    const Newer = z.object({ id: z.string(), n: z.number(), note: z.string().optional() })
    const of = (validate: z.ZodType) =>
      jsonRegistry<unknown>({
        ...{ registry, validate, autoRegister: true },
        jsonSchema: z.toJSONSchema(validate, { target: 'draft-7' }),
      })
    const old = await write(of(Order), value)
    const fresh = await write(of(Newer), { ...value, note: 'x' })
    expect(fresh.readInt32BE(1)).not.toBe(old.readInt32BE(1))
    const deserializer = new JsonDeserializer(theirs, SerdeType.VALUE, {})
    const serializer = new JsonSerializer(theirs, SerdeType.VALUE, { useLatestVersion: true })
    expect(await deserializer.deserialize('orders', old)).toEqual(value)
    expect(await deserializer.deserialize('orders', fresh)).toEqual({ ...value, note: 'x' })
    const back = await serializer.serialize('orders', { ...value, note: 'x' })
    expect(back).toEqual(fresh)
    expect(await read(of(Order), back)).toEqual(value)
    expect(await read(of(Newer), old)).toEqual(value)
  })
})

import { readFileSync } from 'node:fs'
import { create, toBinary } from '@bufbuild/protobuf'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import type { Format, FormatPlace } from '../../src/index.js'
import { type ProtoRegistryOptions, protoRegistry } from '../../src/proto.js'
import { createRegistryRequests, SchemaRegistry } from '../../src/registry.js'
import { failure, rejection } from '../fixtures/failure.js'
import { type RegistryServer, startRegistryServer } from '../fixtures/registry-server.js'
import { CustomerSchema, type Order, Order_Line_DiscountSchema, OrderSchema } from '../fixtures/shop/order_pb.js'
import { OrderSchema as OrderV2Schema } from '../fixtures/shop/order_v2_pb.js'

const place: FormatPlace = { topic: 'orders', part: 'value' }
const order = create(OrderSchema, { id: 'a', number: 2n ** 60n, total: { units: 5n } })
const text = (name: string) => readFileSync(new URL(`../fixtures/proto/shop/${name}`, import.meta.url), 'utf8')

let server: RegistryServer
let options: ProtoRegistryOptions
let registry: SchemaRegistry
beforeEach(async () => {
  server = await startRegistryServer()
  options = { registry: { url: server.url, retries: 0 }, autoRegister: true }
  registry = new SchemaRegistry(options.registry, createRegistryRequests(options.registry))
})
afterEach(() => server.close())

async function write<V>(of: Format<V>, value: V): Promise<Buffer> {
  await of.prepareEncode?.(place)
  return of.encode(value, place)
}

describe('protoRegistry', () => {
  test('a message comes back, typed by its schema, and reading asks nothing', async () => {
    const reader = protoRegistry(OrderSchema, { registry: { url: 'http://127.0.0.1:1' } })
    expectTypeOf(reader).toEqualTypeOf<Format<Order>>()
    const bytes = await write(protoRegistry(OrderSchema, options), order)
    expect(reader.prepareDecode).toBeUndefined()
    expect(reader.decode(bytes)).toEqual(order)
  })

  test('the id is followed by the indexes of the message, and these by the message', async () => {
    const discount = create(Order_Line_DiscountSchema, { percent: 5 })
    const bytes = await write(protoRegistry(Order_Line_DiscountSchema, options), discount)
    const { id } = await registry.version('orders-value', 'latest')
    const expected = Buffer.concat([
      Buffer.from([0, 0, 0, 0, id, 6, 2, 0, 0]),
      toBinary(Order_Line_DiscountSchema, discount),
    ])
    expect(bytes).toEqual(expected)
    const first = await write(protoRegistry(CustomerSchema, options), create(CustomerSchema))
    expect([...first]).toEqual([0, 0, 0, 0, id, 0])
  })

  test('the subject can be named', async () => {
    const named = { ...options, subject: 'mine' }
    const bytes = await write(protoRegistry(OrderSchema, named), order)
    expect(bytes.readInt32BE(1)).toBe((await registry.version('mine', 'latest')).id)
    expect((await rejection(registry.version('orders-value', 'latest'))).code).toBe('ZK_SCHEMA_NOT_FOUND')
    expect(protoRegistry(OrderSchema, named).decode(bytes)).toEqual(order)
  })

  test('imports are subjects with their own names, and references; those of Google are neither', async () => {
    await write(protoRegistry(OrderSchema, options), order)
    const { references } = await registry.version('orders-value', 'latest')
    expect(references).toEqual([{ name: 'shop/money.proto', subject: 'shop/money.proto', version: 1 }])
    expect((await registry.version('shop/money.proto', 1)).type).toBe('PROTOBUF')
  })

  test('with sources the .proto text is registered instead of the descriptor', async () => {
    const sources = { 'shop/order.proto': text('order.proto'), 'shop/money.proto': text('money.proto') }
    await write(protoRegistry(OrderSchema, { ...options, sources }), order)
    expect((await registry.version('orders-value', 'latest')).schema).toBe(sources['shop/order.proto'])
    expect((await registry.version('shop/money.proto', 1)).schema).toBe(sources['shop/money.proto'])
  })

  test('without autoRegister the subject must have it: nothing is registered, neither imports', async () => {
    const error = await rejection(
      protoRegistry(OrderSchema, { ...options, autoRegister: false }).prepareEncode?.(place),
    )
    expect(error.code).toBe('ZK_SCHEMA_NOT_FOUND')
    expect(server.asked.filter((what) => what.includes('/versions?'))).toEqual([])
    await write(protoRegistry(OrderSchema, options), order)
    await write(protoRegistry(OrderSchema, { ...options, autoRegister: false }), order)
  })

  test('useLatest writes under what is there', async () => {
    const id = await registry.register('orders-value', { type: 'PROTOBUF', schema: text('order_v2.proto') })
    const bytes = await write(protoRegistry(OrderSchema, { registry: options.registry, useLatest: true }), order)
    expect(bytes.readInt32BE(1)).toBe(id)
  })

  test('another version of the message is read by field numbers, whatever its place in its file', async () => {
    const bytes = await write(protoRegistry(OrderSchema, options), order)
    expect(protoRegistry(OrderV2Schema, options).decode(bytes)).toMatchObject({ orderId: 'a', number: 2n ** 60n })
    const newer = await write(
      protoRegistry(OrderV2Schema, options),
      create(OrderV2Schema, { orderId: 'b', notes: ['n'] }),
    )
    expect(protoRegistry(OrderSchema, options).decode(newer)).toMatchObject({ id: 'b', lines: [] })
  })

  test.each<[string, number[]]>([
    ['too short', [0, 0, 0]],
    ['another first byte', [8, 0, 0, 0, 1, 0]],
    ['no indexes', [0, 0, 0, 0, 1]],
    ['no message', [0, 0, 0, 0, 1, 0, 0xff]],
  ])('%s is an error', (_what, bytes) => {
    expect(failure(() => protoRegistry(OrderSchema, options).decode(Buffer.from(bytes))).code).toBe('ZK_DECODE_FAILED')
  })
})

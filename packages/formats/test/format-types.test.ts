/** What the compiler knows of a format's values, which is what `message.value` is: judged by `tsc -p tsconfig.tests.json`. */
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { avro, avroRegistry } from '../src/avro.js'
import { bytes, type Format, json, string, withSchemaId } from '../src/index.js'
import { proto, protoRegistry } from '../src/proto.js'
import { jsonRegistry, type RegistryConfig } from '../src/registry.js'
import { type Order, OrderSchema } from './fixtures/shop/order_pb.js'

const Amount = z.object({ amount: z.number(), note: z.string().default('') })
interface Amount {
  amount: number
  note: string
}
const registry: RegistryConfig = { url: 'mock://types' }
const schema = { type: 'record', name: 'Amount', fields: [{ name: 'amount', type: 'double' }] } as const

describe('plain formats', () => {
  test('bytes are Buffers, strings are texts', () => {
    expectTypeOf(bytes).toEqualTypeOf<Format<Buffer>>()
    expectTypeOf(string).toEqualTypeOf<Format<string>>()
  })

  test('json is unknown until a schema says what it is: the schema’s output', () => {
    expectTypeOf(json()).toEqualTypeOf<Format<unknown>>()
    expectTypeOf(json(Amount)).toEqualTypeOf<Format<Amount>>()
    expectTypeOf(json({ parse: Number })).toEqualTypeOf<Format<number>>()
    // @ts-expect-error a schema has a parse function
    expectTypeOf(() => json({ check: Number })).toBeFunction()
  })

  test('avro is what the caller says it is, and unknown by itself', () => {
    expectTypeOf(avro({ schema })).toEqualTypeOf<Format<unknown>>()
    expectTypeOf(avro<Amount>({ schema })).toEqualTypeOf<Format<Amount>>()
  })

  test('proto is the message of the generated schema', () => {
    expectTypeOf(proto(OrderSchema)).toEqualTypeOf<Format<Order>>()
    expectTypeOf(proto(OrderSchema, { encoding: 'json' })).toEqualTypeOf<Format<Order>>()
    // @ts-expect-error there is no such encoding
    expectTypeOf(() => proto(OrderSchema, { encoding: 'xml' })).toBeFunction()
  })

  test('a schema id before it changes nothing', () => {
    expectTypeOf(withSchemaId(7, json(Amount))).toEqualTypeOf<Format<Amount>>()
    expectTypeOf(withSchemaId(7, proto(OrderSchema))).toEqualTypeOf<Format<Order>>()
  })
})

describe('formats of a registry', () => {
  test('avro is what the caller says it is', () => {
    expectTypeOf(avroRegistry<Amount>({ registry, schema })).toEqualTypeOf<Format<Amount>>()
    expectTypeOf(avroRegistry({ registry, schema })).toEqualTypeOf<Format<unknown>>()
  })

  test('proto is the message of the generated schema', () => {
    expectTypeOf(protoRegistry(OrderSchema, { registry })).toEqualTypeOf<Format<Order>>()
  })

  test('json is what its validation gives', () => {
    expectTypeOf(jsonRegistry({ registry, validate: Amount })).toEqualTypeOf<Format<Amount>>()
    expectTypeOf(jsonRegistry({ registry })).toEqualTypeOf<Format<unknown>>()
  })

  test('need to know where it is', () => {
    // @ts-expect-error a registry has a url
    expectTypeOf(() => avroRegistry({ registry: {}, schema })).toBeFunction()
  })
})

test('a format of two functions is a format, and one that decodes something else is not', () => {
  const own = {
    name: 'own',
    decode: (given: Uint8Array) => given.length,
    encode: (value: number) => Buffer.alloc(value),
  }
  expectTypeOf(own).toExtend<Format<number>>()
  expectTypeOf(own).not.toExtend<Format<string>>()
})

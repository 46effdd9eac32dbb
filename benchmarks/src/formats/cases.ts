/** Each format of @zk/formats beside the library that it is made of, on the same inputs. */
import { fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf'
import { bytes, type Format, json, string, withSchemaId } from '@zk/formats'
import { avro, avroRegistry } from '@zk/formats/avro'
import { proto, protoRegistry } from '@zk/formats/proto'
import { jsonRegistry } from '@zk/formats/registry'
import avsc from 'avsc'
import { z } from 'zod'
import type { Side } from '../side-by-side.js'
import { avroSchema, newerAvroSchema, Order, OrderDesc, orders, protoOrder } from './orders.js'

export interface FormatCase {
  inputs: readonly unknown[]
  own: Side
  bare: Side
}

/** Bytes before the payload: the schema id, and in Protobuf the place of the message in its file, one byte for the first. */
const ID_BYTES = 5
const PROTO_ID_BYTES = 6

const place = { topic: 'orders', part: 'value' } as const
const registry = { url: 'mock://benchmark' }

const plain = orders()
const texts = plain.map((order) => JSON.stringify(order))
const accented = plain.map(({ id, customer }) => `${id}: ${'é'.repeat(60)} ${customer.name} €`)
const messages = plain.map(protoOrder)

const avscType = avsc.Type.forSchema(avroSchema as avsc.Schema)
const newerAvscType = avsc.Type.forSchema(newerAvroSchema as avsc.Schema)
const avscResolver = newerAvscType.createResolver(avscType)
const protoJsonOptions = { ignoreUnknownFields: true }

const textOf = (input: Buffer): string => input.toString()
const payloadOf = (input: Buffer): Buffer => input.subarray(ID_BYTES)

/** Each is made where it is measured, and no other, so that V8 sees one format: as in a thread of a work. */
export const cases: Record<string, () => Promise<FormatCase> | FormatCase> = {
  'decode bytes of a Uint8Array': bytesOfAnArray,
  'decode string': () => decoding(string, texts, textOf),
  'decode string, not ASCII': () => decoding(string, accented, textOf),
  'decode json': () => decoding(json(), plain, (input) => JSON.parse(textOf(input))),
  'decode json with zod': () => decoding(json(Order), plain, (input) => Order.parse(JSON.parse(textOf(input)))),
  'decode proto': () => decoding(proto(OrderDesc), messages, (input) => fromBinary(OrderDesc, input)),
  'decode proto in base64': () =>
    decoding(proto(OrderDesc, { encoding: 'base64' }), messages, (input) =>
      fromBinary(OrderDesc, Buffer.from(input.toString('latin1'), 'base64')),
    ),
  'decode proto as json': () =>
    decoding(proto(OrderDesc, { encoding: 'json' }), messages, (input) =>
      fromJsonString(OrderDesc, textOf(input), protoJsonOptions),
    ),
  'decode avro': () => decoding(avro<Order>({ schema: avroSchema }), plain, (input) => avscType.fromBuffer(input)),
  'decode avro with schema id': () =>
    decoding(withSchemaId(7, avro<Order>({ schema: avroSchema })), plain, (input) =>
      avscType.fromBuffer(payloadOf(input)),
    ),
  'decode proto with schema id': () =>
    decoding(withSchemaId(7, proto(OrderDesc)), messages, (input) => fromBinary(OrderDesc, payloadOf(input))),
  'decode json with schema id': () =>
    decoding(withSchemaId(7, json()), plain, (input) => JSON.parse(textOf(payloadOf(input)))),
  'decode avro of a registry': () => decoding(registryAvro(), plain, (input) => avscType.fromBuffer(payloadOf(input))),
  // As after a deployment of the reader: bytes of the one format, read by the other.
  'decode avro of a registry, newer reader': () => {
    const { encode, prepareEncode } = registryAvro()
    const newer = avroRegistry<unknown>({ registry, schema: newerAvroSchema, subject: 'avro' })
    return decoding({ ...newer, encode, prepareEncode: prepareEncode! }, plain, (input) =>
      newerAvscType.fromBuffer(payloadOf(input), avscResolver),
    )
  },
  'decode proto of a registry': () =>
    decoding(protoRegistry(OrderDesc, { registry, subject: 'proto', autoRegister: true }), messages, (input) =>
      fromBinary(OrderDesc, input.subarray(PROTO_ID_BYTES)),
    ),
  'decode json of a registry, with zod': () =>
    decoding(registryJson(), plain, (input) => Order.parse(JSON.parse(textOf(payloadOf(input))))),
  'encode string': () => encoding(string, texts, (value) => Buffer.from(value)),
  'encode json': () => encoding(json(), plain, (value) => Buffer.from(JSON.stringify(value))),
  'encode proto': () => encoding(proto(OrderDesc), messages, (value) => toBinary(OrderDesc, value)),
  'encode proto as json': () =>
    encoding(proto(OrderDesc, { encoding: 'json' }), messages, (value) => Buffer.from(toJsonString(OrderDesc, value))),
  'encode avro': () => encoding(avro<Order>({ schema: avroSchema }), plain, (value) => avscType.toBuffer(value)),
}

function registryAvro(): Format<Order> {
  return avroRegistry<Order>({ registry, schema: avroSchema, subject: 'avro', autoRegister: true })
}

function registryJson(): Format<Order> {
  const jsonSchema = z.toJSONSchema(Order)
  return jsonRegistry({ registry, jsonSchema, validate: Order, subject: 'json', autoRegister: true })
}

/** Of a Buffer, which is what threads have, nothing is made; there is no library to compare that with. */
function bytesOfAnArray(): FormatCase {
  return {
    inputs: texts.map((text) => new TextEncoder().encode(text)),
    own: bytes.decode,
    bare: (input: Uint8Array) => Buffer.from(input.buffer, input.byteOffset, input.byteLength),
  }
}

/** As a thread calls it: asking whether something must be fetched is part of the cost, the fetching is not. */
async function decoding<V>(
  format: Format<V>,
  values: readonly V[],
  bare: (input: Buffer) => unknown,
): Promise<FormatCase> {
  await format.prepareEncode?.(place)
  const inputs = values.map((value) => format.encode(value, place))
  await format.prepareDecode?.(inputs[0]!, place)
  const own =
    format.prepareDecode === undefined
      ? format.decode
      : (input: Buffer) => format.prepareDecode!(input, place) ?? format.decode(input)
  return { inputs, own, bare }
}

function encoding<V>(format: Format<V>, inputs: readonly V[], bare: (value: V) => Uint8Array): FormatCase {
  return { inputs, own: format.encode, bare }
}

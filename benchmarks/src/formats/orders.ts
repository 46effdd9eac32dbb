/** The same orders as plain objects, for Avro and for Protobuf: some 300 bytes of JSON each, no two alike. */
import { create, createFileRegistry, type DescMessage, type MessageShape } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import { z } from 'zod'

const ORDERS = 64

export interface Order {
  id: string
  number: number
  customer: { name: string; email: string }
  lines: { sku: string; quantity: number; price: number }[]
  tags: Record<string, string>
  note: string | null
  paid: boolean
}

export const Order = z.object({
  id: z.string(),
  number: z.number(),
  customer: z.object({ name: z.string(), email: z.string() }),
  lines: z.array(z.object({ sku: z.string(), quantity: z.number(), price: z.number() })),
  tags: z.record(z.string(), z.string()),
  note: z.string().nullable(),
  paid: z.boolean(),
})

export function orders(): Order[] {
  return Array.from({ length: ORDERS }, (_, i) => ({
    id: `order-${100_000 + i}`,
    number: 1_700_000_000_000 + i * 977,
    customer: { name: `Customer ${i}`, email: `customer.${i}@example.com` },
    lines: Array.from({ length: 1 + (i % 4) }, (_, line) => ({
      sku: `sku-${i}-${line}`,
      quantity: 1 + ((i + line) % 9),
      price: 9.99 + i / 100,
    })),
    tags: { channel: i % 2 === 0 ? 'web' : 'shop', region: `eu-${i % 5}` },
    note: i % 3 === 0 ? null : `leave it at number ${i}`,
    paid: i % 2 === 0,
  }))
}

export const avroSchema = {
  type: 'record',
  name: 'Order',
  namespace: 'bench',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'number', type: 'long' },
    {
      name: 'customer',
      type: {
        type: 'record',
        name: 'Customer',
        fields: [
          { name: 'name', type: 'string' },
          { name: 'email', type: 'string' },
        ],
      },
    },
    {
      name: 'lines',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Line',
          fields: [
            { name: 'sku', type: 'string' },
            { name: 'quantity', type: 'int' },
            { name: 'price', type: 'double' },
          ],
        },
      },
    },
    { name: 'tags', type: { type: 'map', values: 'string' } },
    { name: 'note', type: ['null', 'string'] },
    { name: 'paid', type: 'boolean' },
  ],
}

/** What a newer reader has: a field with a default more, and `tags` no longer. */
export const newerAvroSchema = {
  ...avroSchema,
  fields: [
    ...avroSchema.fields.filter(({ name }) => name !== 'tags'),
    { name: 'currency', type: 'string', default: 'EUR' },
  ],
}

const { STRING, INT32, INT64, DOUBLE, BOOL, MESSAGE } = FieldDescriptorProto_Type
const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label

/** protoc writes the name in JSON too, without which nothing would find the field. */
function field(name: string, number: number, type: FieldDescriptorProto_Type, typeName = '', label = OPTIONAL) {
  return { name, jsonName: name, number, type, typeName, label }
}

/** As protoc-gen-es would generate it, but for the types: there is no compiler of .proto files here. */
export const OrderDesc: DescMessage = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'bench/order.proto',
    package: 'bench',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Order',
        field: [
          field('id', 1, STRING),
          field('number', 2, INT64),
          field('customer', 3, MESSAGE, '.bench.Customer'),
          field('lines', 4, MESSAGE, '.bench.Line', REPEATED),
          field('tags', 5, MESSAGE, '.bench.Order.TagsEntry', REPEATED),
          field('note', 6, STRING),
          field('paid', 7, BOOL),
        ],
        nestedType: [
          {
            name: 'TagsEntry',
            field: [field('key', 1, STRING), field('value', 2, STRING)],
            options: { mapEntry: true },
          },
        ],
      },
      { name: 'Customer', field: [field('name', 1, STRING), field('email', 2, STRING)] },
      { name: 'Line', field: [field('sku', 1, STRING), field('quantity', 2, INT32), field('price', 3, DOUBLE)] },
    ],
  }),
  () => undefined,
).getMessage('bench.Order')!

export function protoOrder(order: Order): MessageShape<DescMessage> {
  return create(OrderDesc, { ...order, number: BigInt(order.number), note: order.note ?? '' } as never)
}

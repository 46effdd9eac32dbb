import { create } from '@bufbuild/protobuf'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { avro, avroRegistry } from '../src/avro.js'
import { type Format, json, withSchemaId } from '../src/index.js'
import { proto } from '../src/proto.js'
import { failure } from './fixtures/failure.js'
import { type Customer, CustomerSchema } from './fixtures/shop/order_pb.js'

describe('withSchemaId', () => {
  test('the value follows 0 and the id as a big-endian int32', () => {
    const written = withSchemaId(0x01020304, json()).encode({ a: 1 })
    expect([...written.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4])
    expect(written.subarray(5).toString()).toBe('{"a":1}')
  })

  test('json, avro and proto in base64 come back, typed by the format inside', () => {
    const schema = { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] }
    const formats = [withSchemaId(7, json()), withSchemaId(7, avro({ schema }))]
    for (const format of formats) expect(format.decode(format.encode({ a: 1 }))).toEqual({ a: 1 })

    const customers = withSchemaId(7, proto(CustomerSchema, { encoding: 'base64' }))
    expectTypeOf(customers).toEqualTypeOf<Format<Customer>>()
    expect(customers.decode(customers.encode(create(CustomerSchema, { name: 'Ada' }))).name).toBe('Ada')
  })

  test('an id other than its own is refused, and both are named', () => {
    const bytes = withSchemaId(99, json()).encode(1)
    const error = failure(() => withSchemaId(100, json()).decode(bytes))
    expect(error).toMatchObject({ code: 'ZK_DECODE_FAILED' })
    expect(error.message).toContain('its schema id is 99, not 100')
  })

  test('id 0 accepts any id', () => {
    expect(withSchemaId(0, json()).decode(withSchemaId(99, json()).encode('x'))).toBe('x')
  })

  test('bytes too short for an id say how many they are', () => {
    for (const length of [0, 1, 4]) {
      const error = failure(() => withSchemaId(0, json()).decode(Buffer.alloc(length)))
      expect(error.message).toContain(`it has ${length} bytes and so no room for a schema id`)
    }
  })

  test('another first byte than 0 is refused; that of a GUID by its name', () => {
    const error = (first: number) => failure(() => withSchemaId(0, json()).decode(Buffer.from([first, 0, 0, 0, 1, 49])))
    expect(error(5).message).toContain('it begins with the byte 5')
    expect(error(1).message).toContain('GUID')
  })

  test('the view into a larger buffer that it reads is not copied, and nothing around it is read', () => {
    const all = Buffer.concat([Buffer.from('xx'), withSchemaId(1, json()).encode(2), Buffer.from('yy')])
    expect(withSchemaId(1, json()).decode(all.subarray(2, -2))).toBe(2)
  })

  test.each([-1, 1.5, 2 ** 31, Number.NaN])('%s is no id', (id) => {
    expect(() => withSchemaId(id, json())).toThrow(TypeError)
  })

  test('a format with a registry has an id already', () => {
    const format = avroRegistry({ registry: { url: 'mock://x' }, schema: '"int"' })
    expect(() => withSchemaId(1, format)).toThrow(/asks a registry/)
  })
})

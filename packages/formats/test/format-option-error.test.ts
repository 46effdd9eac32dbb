import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { avro, avroRegistry } from '../src/avro.js'
import { json, withSchemaId } from '../src/index.js'
import { proto, protoRegistry } from '../src/proto.js'
import { jsonRegistry, SchemaRegistry } from '../src/registry.js'
import { OrderSchema } from './fixtures/shop/order_pb.js'

const registry = { url: 'mock://options' }
const schema = { type: 'record', name: 'Order', fields: [{ name: 'id', type: 'long' }] }
const loose = (options: object) => options as never

/** Each factory with an option that is there, and what is given besides. */
const factories: Record<string, (more: object) => unknown> = {
  avro: (more) => avro(loose({ schema, ...more })),
  proto: (more) => proto(OrderSchema, loose(more)),
  avroRegistry: (more) => avroRegistry(loose({ registry, schema, ...more })),
  protoRegistry: (more) => protoRegistry(OrderSchema, loose({ registry, ...more })),
  jsonRegistry: (more) => jsonRegistry(loose({ registry, jsonSchema: {}, ...more })),
  registry: (more) => new SchemaRegistry(loose({ ...registry, ...more })),
}

describe.each(Object.keys(factories))('%s', (name) => {
  const make = factories[name] as (more: object) => unknown

  test('takes its options, and those that are undefined', () => {
    expect(() => make({})).not.toThrow()
    const optional = { avro: 'writtenWith', proto: 'encoding', registry: 'auth' }[name] ?? 'autoRegister'
    expect(() => make({ [optional]: undefined })).not.toThrow()
  })

  test('an option that it does not have is an error that names it, and what there is, and nothing of its value', () => {
    const error = thrown(() => make({ wholyUnknown: 's3cret' }))
    expect(error).toMatchObject({ code: 'ZK_FORMAT_OPTIONS', name: 'FormatOptionError' })
    expect(error.message).toMatch(new RegExp(`^${name} has no wholyUnknown: expected \\w+, \\w+`))
    expect(error.message).not.toContain('s3cret')
  })
})

test.each<[string, object, string]>([
  [
    'avro',
    { writenWith: schema },
    'avro has no writenWith (did you mean writtenWith?): expected schema, writtenWith, long',
  ],
  ['avro', { logicaltypes: 'raw' }, 'did you mean logicalTypes?'],
  ['proto', { Encoding: 'json' }, 'proto has no Encoding (did you mean encoding?): expected encoding, registry'],
  ['avroRegistry', { autoregister: true }, 'did you mean autoRegister?'],
  ['protoRegistry', { useLastest: true }, 'did you mean useLatest?'],
  ['protoRegistry', { source: {} }, 'did you mean sources?'],
  ['jsonRegistry', { jsonschema: {} }, 'did you mean jsonSchema?'],
  ['jsonRegistry', { validator: z.string() }, 'did you mean validate?'],
  ['registry', { timeoutMS: 5 }, 'registry has no timeoutMS (did you mean timeoutMs?)'],
])('%s: what was misspelt is found: %o', (name, more, message) => {
  expect(thrown(() => factories[name]?.(more)).message).toContain(message)
})

test.each<[string, object, string]>([
  ['avroRegistry', { autoRegister: 'yes' }, 'autoRegister expects true or false, not a string'],
  ['jsonRegistry', { useLatest: 1 }, 'useLatest expects true or false, not a number'],
  ['protoRegistry', { normalize: null }, 'normalize expects true or false, not null'],
  ['avro', { long: 'string' }, 'long expects number or bigint'],
  ['avro', { wrapUnions: true }, 'wrapUnions expects auto or always or never'],
  ['avroRegistry', { logicalTypes: 'none' }, 'logicalTypes expects js or raw'],
  ['proto', { encoding: 'text' }, 'encoding expects binary, base64 or json'],
  ['jsonRegistry', { subjectStrategy: 'topics' }, 'subjectStrategy expects topic, record or topic-record'],
])('%s: an option of another kind is refused: %o', (name, more, message) => {
  expect(thrown(() => factories[name]?.(more))).toMatchObject({
    code: 'ZK_FORMAT_OPTIONS',
    message: expect.stringContaining(message),
  })
})

test.each<[object, string]>([
  [{ url: 'https://r', tls: { passfrase: 's3cret' } }, 'registry.tls has no passfrase (did you mean passphrase?)'],
  [
    { url: 'https://r', auth: { type: 'basic', username: 'u', password: 's3cret', pasword: 's3cret' } },
    'registry.auth has no pasword (did you mean password?)',
  ],
  [{ url: 'https://r', auth: { type: 'bearer', token: 's3cret', user: 's3cret' } }, 'registry.auth has no user'],
  [{ url: 'https://r', auth: null }, 'registry.auth expects'],
])('parts of a registry are looked at as well: %o', (config, message) => {
  const error = thrown(() => new SchemaRegistry(loose(config)))
  expect(error.message).toContain(message)
  expect(error.message).not.toContain('s3cret')
})

test('no options at all, and what no schema or id can be, are the same kind of error', () => {
  for (const run of [
    () => avro(loose(undefined as never)),
    () => avroRegistry(loose([])),
    () => json(loose({})),
    () => withSchemaId(-1, json()),
    () => proto(loose({})),
    () => avro({ schema: { type: 'recrod' } }),
  ]) {
    expect(thrown(run).code).toBe('ZK_FORMAT_OPTIONS')
  }
})

function thrown(run: () => unknown): TypeError & { code?: string } {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return error as TypeError
  }
  throw new Error('it did not throw')
}

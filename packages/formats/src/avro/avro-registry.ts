import type avsc from 'avsc'
import { asBuffer } from '../as-buffer.js'
import type { Format } from '../format.js'
import { FormatError } from '../format-error.js'
import { checkOptions, type OptionKinds } from '../format-option-error.js'
import { messageOf } from '../message-of.js'
import type { SchemaReference, SchemaRegistry, SchemaText } from '../registry/client.js'
import { RegistryError } from '../registry/registry-error.js'
import { REGISTRY_OPTIONS, type RegistryFormatOptions, SubjectSchemas } from '../registry/subject-schemas.js'
import { joinWithSchemaId, PREFIX_BYTES, readSchemaId } from '../schema-id-prefix.js'
import { readAvro, writeAvro } from './codec.js'
import {
  AVRO_TYPE_OPTIONS,
  type AvroSchema,
  type AvroTypeOptions,
  avroName,
  avroText,
  isSameAvro,
  parseAvro,
} from './parse.js'
import { referencedSchemas } from './references.js'

export interface AvroRegistryOptions extends RegistryFormatOptions, AvroTypeOptions {
  /**
   * What values are here: those written with other schemas are resolved to it, with its defaults for what they lack.
   * Without it a value is as its writer wrote it, and `useLatest` is needed to write.
   */
  readonly schema?: AvroSchema
  /** Where the types are that `schema` uses and does not define. */
  readonly references?: readonly SchemaReference[]
}

/** How values with one schema id are read: known for good, for an id is one schema for ever. */
type Decoder = (bytes: Buffer) => unknown

const OPTIONS: OptionKinds<AvroRegistryOptions> = {
  schema: 'other',
  references: 'other',
  ...REGISTRY_OPTIONS,
  ...AVRO_TYPE_OPTIONS,
}

const NAME = 'avro of a registry'

/**
 * Avro with the id of its schema in a registry before it, as Confluent's serializers write it.
 *
 * `prepareDecode` fetches the writer's schema of an id once; the pair with the reader's is resolved once.
 *
 * @throws FormatOptionError when the options are not valid.
 */
export function avroRegistry<V = unknown>(options: AvroRegistryOptions): Format<V> {
  checkOptions('avroRegistry', options, OPTIONS)
  const { schema, references } = options
  const decoders = new Map<number, Decoder>()
  const fetching = new Map<number, Promise<void>>()
  // Records of a topic mostly have the schema of the record before them, which saves looking it up: a tenth of the cost.
  let last: Decoder | undefined
  let lastId = 0
  // Types that a schema refers to are in the registry; without such, what is wrong with it is said here and now.
  let own = schema === undefined || references !== undefined ? undefined : parseAvro(schema, options)
  const schemas = new SubjectSchemas<avsc.Type>({
    format: NAME,
    options,
    recordName: avroName(schema),
    schema: async (registry) => {
      if (schema === undefined) throw new FormatError('ZK_ENCODE_FAILED', NAME, 'it has no schema to write with')
      await ownType(registry)
      return ownText(schema)
    },
    fromLatest: (latest, registry) => typeOf(latest, registry),
  })

  return {
    name: NAME,
    open: (host) => schemas.open(host),
    prepareDecode: (bytes) => {
      // What is no prefix is decode's to say.
      if (bytes.length < PREFIX_BYTES || bytes[0] !== 0) return undefined
      const id = readSchemaId(bytes, NAME)
      if ((id === lastId && last !== undefined) || decoders.has(id)) return undefined
      let pending = fetching.get(id)
      if (pending === undefined) {
        pending = learn(id).finally(() => fetching.delete(id))
        fetching.set(id, pending)
      }
      return pending
    },
    decode: (bytes) => {
      const id = readSchemaId(bytes, NAME)
      if (id !== lastId || last === undefined) {
        last = decoders.get(id)
        lastId = id
      }
      if (last !== undefined) return last(asBuffer(bytes)) as V
      throw new FormatError(
        'ZK_DECODE_FAILED',
        NAME,
        `the schema with id ${id} has not been fetched; await prepareDecode before`,
      )
    },
    prepareEncode: (place) => schemas.prepare(place),
    encode: (value, place) => {
      const { id, extra } = schemas.get(place)
      return joinWithSchemaId(id, writeAvro(NAME, (extra ?? own) as avsc.Type, value))
    },
  }

  async function learn(id: number): Promise<void> {
    const { registry } = schemas
    const found = await registry.byId(id)
    if (found.type !== 'AVRO') {
      const why = `the schema with id ${id} is of type ${found.type}`
      decoders.set(id, () => {
        throw new FormatError('ZK_DECODE_FAILED', NAME, why)
      })
      return
    }
    const writer = await typeOf(found, registry)
    const reader = await ownType(registry)
    decoders.set(id, decoderOf(id, writer, reader ?? writer, registry.name))
  }

  async function ownType(registry: SchemaRegistry): Promise<avsc.Type | undefined> {
    if (own === undefined && schema !== undefined) own = await typeOf(ownText(schema), registry)
    return own
  }

  function ownText(of: AvroSchema): SchemaText {
    return { type: 'AVRO', schema: avroText(of), ...(references === undefined ? {} : { references }) }
  }

  async function typeOf(text: SchemaText, registry: SchemaRegistry): Promise<avsc.Type> {
    const referenced = await referencedSchemas(text, registry)
    try {
      return parseAvro(text.schema, options, referenced)
    } catch (cause) {
      throw new RegistryError('ZK_SCHEMA_INVALID', registry.name, messageOf(cause), cause)
    }
  }
}

function decoderOf(id: number, writer: avsc.Type, reader: avsc.Type, registry: string): Decoder {
  if (isSameAvro(writer, reader)) return (bytes) => readAvro(NAME, reader, bytes, PREFIX_BYTES)
  try {
    const resolver = reader.createResolver(writer)
    return (bytes) => readAvro(NAME, reader, bytes, PREFIX_BYTES, resolver)
  } catch (cause) {
    const why = `values written with the schema with id ${id} cannot be read as the format's schema: ${messageOf(cause)}`
    return () => {
      throw new RegistryError('ZK_SCHEMA_INCOMPATIBLE', registry, why, cause)
    }
  }
}

import type { Format } from '../format.js'
import { FormatError } from '../format-error.js'
import { checkOptions, FormatOptionError, type OptionKinds } from '../format-option-error.js'
import { json, type Schema } from '../json.js'
import { messageOf } from '../message-of.js'
import { joinWithSchemaId, PREFIX_BYTES, readSchemaId } from '../schema-id-prefix.js'
import type { SchemaReference } from './client.js'
import { REGISTRY_OPTIONS, type RegistryFormatOptions, SubjectSchemas } from './subject-schemas.js'

export interface JsonRegistryOptions extends RegistryFormatOptions {
  /** The JSON Schema to register or look up: an object, or JSON text. Needed to write, unless with `useLatest`. */
  readonly jsonSchema?: object | string
  readonly references?: readonly SchemaReference[]
}

const OPTIONS: OptionKinds<JsonRegistryOptions & { readonly validate?: Schema<unknown> }> = {
  jsonSchema: 'other',
  references: 'other',
  validate: 'other',
  ...REGISTRY_OPTIONS,
}

const NAME = 'json of a registry'

/**
 * JSON with a schema id before it. Reading asks the registry nothing.
 *
 * @param validate Checks what is read, such as a zod schema, and types it. Nothing else validates.
 * @throws FormatOptionError when the options are not valid.
 */
export function jsonRegistry<V = unknown>(options: JsonRegistryOptions & { readonly validate?: Schema<V> }): Format<V> {
  checkOptions('jsonRegistry', options, OPTIONS)
  const { jsonSchema, references, validate } = options
  const text = typeof jsonSchema === 'object' ? JSON.stringify(jsonSchema) : jsonSchema
  const plain = (validate === undefined ? json() : json(validate)) as Format<V>
  const schemas = new SubjectSchemas({
    format: NAME,
    options,
    recordName: titleOf(text),
    schema: () => {
      if (text === undefined) throw new FormatError('ZK_ENCODE_FAILED', NAME, 'it has no jsonSchema to write under')
      return { type: 'JSON', schema: text, ...(references === undefined ? {} : { references }) }
    },
  })
  return {
    name: NAME,
    open: (host) => schemas.open(host),
    decode: (bytes) => {
      readSchemaId(bytes, NAME)
      return plain.decode(bytes.subarray(PREFIX_BYTES))
    },
    prepareEncode: (place) => schemas.prepare(place),
    encode: (value, place) => joinWithSchemaId(schemas.get(place).id, plain.encode(value)),
  }
}

/** The name of a JSON Schema, as Confluent's serializers take it for the record strategies. */
function titleOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  let schema: { title?: unknown } | null
  try {
    schema = JSON.parse(text)
  } catch (cause) {
    throw new FormatOptionError(`jsonSchema is no JSON: ${messageOf(cause)}`, { cause })
  }
  return typeof schema?.title === 'string' ? schema.title : undefined
}

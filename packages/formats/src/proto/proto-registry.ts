import type { DescMessage, MessageShape } from '@bufbuild/protobuf'
import type { Format } from '../format.js'
import { checkOptions, type OptionKinds } from '../format-option-error.js'
import { REGISTRY_OPTIONS, type RegistryFormatOptions, SubjectSchemas } from '../registry/subject-schemas.js'
import { joinWithSchemaId, PREFIX_BYTES, readSchemaId } from '../schema-id-prefix.js'
import { type FileSchemaOptions, fileSchema } from './file-schemas.js'
import { messageIndexes, skipMessageIndexes, writeMessageIndexes } from './message-indexes.js'
import { readProto, requireMessage, writeProto } from './proto-format.js'

export interface ProtoRegistryOptions extends RegistryFormatOptions, Pick<FileSchemaOptions, 'sources'> {}

const OPTIONS: OptionKinds<ProtoRegistryOptions> = { sources: 'other', ...REGISTRY_OPTIONS }

const NAME = 'proto of a registry'

/**
 * A Protobuf message with the id of its file in a registry, and its place in that file, before it.
 *
 * Read as the given type, which Protobuf's rules of evolution allow whatever the writer's version: reading asks the registry
 * nothing, and the registry need not be able to hand out descriptors.
 *
 * @throws FormatOptionError when the options are not valid.
 */
export function protoRegistry<Desc extends DescMessage>(
  schema: Desc,
  options: ProtoRegistryOptions,
): Format<MessageShape<Desc>> {
  requireMessage('protoRegistry', schema)
  checkOptions('protoRegistry', options, OPTIONS)
  const { sources, autoRegister = false, normalize = true } = options
  const indexes = writeMessageIndexes(messageIndexes(schema))
  const schemas = new SubjectSchemas({
    format: NAME,
    options,
    recordName: schema.typeName,
    schema: (registry) =>
      fileSchema(schema.file, registry, { autoRegister, normalize, ...(sources === undefined ? {} : { sources }) }),
  })
  return {
    name: NAME,
    open: (host) => schemas.open(host),
    decode: (bytes) => {
      readSchemaId(bytes, NAME)
      return readProto(NAME, schema, bytes.subarray(skipMessageIndexes(bytes, PREFIX_BYTES, NAME)))
    },
    prepareEncode: (place) => schemas.prepare(place),
    encode: (value, place) => joinWithSchemaId(schemas.get(place).id, writeProto(NAME, schema, value), indexes),
  }
}

import type { Format } from './format.js'
import { FormatError } from './format-error.js'
import { FormatOptionError } from './format-option-error.js'
import { joinWithSchemaId, PREFIX_BYTES, readSchemaId } from './schema-id-prefix.js'

/**
 * A format with a schema id before each value, as registries' serializers write it, without asking a registry:
 * `0x00`, the id as a big-endian int32, the value.
 *
 * @param id Written before each value, and expected before each value read. 0 accepts any id on reading.
 */
export function withSchemaId<V>(id: number, format: Format<V>): Format<V> {
  if (!Number.isInteger(id) || id < 0 || id > 0x7fffffff) {
    throw new FormatOptionError(`withSchemaId expects an id from 0 to 2147483647, not ${String(id)}`)
  }
  if (format.prepareDecode !== undefined || format.prepareEncode !== undefined) {
    throw new FormatOptionError(
      `withSchemaId: the format ${format.name} asks a registry and has an id before its values already`,
    )
  }
  const name = `${format.name} with schema id`
  return {
    name,
    decode: (bytes, place) => {
      const found = readSchemaId(bytes, name)
      if (id !== 0 && found !== id) {
        throw new FormatError('ZK_DECODE_FAILED', name, `its schema id is ${found}, not ${id}`)
      }
      return format.decode(bytes.subarray(PREFIX_BYTES), place)
    },
    encode: (value, place) => joinWithSchemaId(id, format.encode(value, place)),
  }
}

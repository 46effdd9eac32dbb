import { asBuffer } from '../as-buffer.js'
import type { Format } from '../format.js'
import { checkOptions, FormatOptionError, type OptionKinds } from '../format-option-error.js'
import { readAvro, writeAvro } from './codec.js'
import { AVRO_TYPE_OPTIONS, type AvroSchema, type AvroTypeOptions, isSameAvro, parseAvro } from './parse.js'

export interface AvroOptions extends AvroTypeOptions {
  /** What values are here, and what they are written with. */
  readonly schema: AvroSchema
  /** What the values to be read were written with, where that is another schema. Default: `schema`. */
  readonly writtenWith?: AvroSchema
}

const OPTIONS: OptionKinds<AvroOptions> = { schema: 'other', writtenWith: 'other', ...AVRO_TYPE_OPTIONS }

/**
 * Avro's binary encoding, without anything before it.
 *
 * @typeParam V What a value is in TypeScript; see README for what logical types, unions and longs are.
 * @throws FormatOptionError when a schema is not valid, or values of the one cannot be read as the other.
 */
export function avro<V = unknown>(options: AvroOptions): Format<V> {
  checkOptions('avro', options, OPTIONS)
  const type = parseAvro(options.schema, options)
  const writer = options.writtenWith === undefined ? type : parseAvro(options.writtenWith, options)
  const resolver = isSameAvro(type, writer) ? undefined : resolve()
  return {
    name: 'avro',
    decode: (bytes) => readAvro('avro', type, asBuffer(bytes), 0, resolver) as V,
    encode: (value) => writeAvro('avro', type, value),
  }

  function resolve() {
    try {
      return type.createResolver(writer)
    } catch (cause) {
      throw new FormatOptionError(
        `values written with writtenWith cannot be read as schema: ${(cause as Error).message}`,
        {
          cause,
        },
      )
    }
  }
}

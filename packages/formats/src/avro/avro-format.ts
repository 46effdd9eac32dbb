import { asBuffer } from '../as-buffer.js'
import type { Format } from '../format.js'
import { readAvro, writeAvro } from './codec.js'
import { type AvroSchema, type AvroTypeOptions, isSameAvro, parseAvro } from './parse.js'

export interface AvroOptions extends AvroTypeOptions {
  /** What values are here, and what they are written with. */
  readonly schema: AvroSchema
  /** What the values to be read were written with, where that is another schema. Default: `schema`. */
  readonly writtenWith?: AvroSchema
}

/**
 * Avro's binary encoding, without anything before it.
 *
 * @typeParam V What a value is in TypeScript; see README for what logical types, unions and longs are.
 * @throws TypeError when a schema is not valid, or values of the one cannot be read as the other.
 */
export function avro<V = unknown>(options: AvroOptions): Format<V> {
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
      throw new TypeError(`values written with writtenWith cannot be read as schema: ${(cause as Error).message}`, {
        cause,
      })
    }
  }
}

import avsc from 'avsc'
import { FormatOptionError, type OptionKinds } from '../format-option-error.js'
import { messageOf } from '../message-of.js'
import { guardedType } from './guarded.js'
import { logicalTypes } from './logical-types.js'
import { bigintLong, NumberLong } from './long.js'

/** A schema as JSON, or the text of it. */
export type AvroSchema = object | string

export interface AvroTypeOptions {
  /**
   * What a long is. Default `number`: one beyond 2^53 is an error, not another number. `bigint`: all of them are bigints,
   * of all 64 bits, and reading them costs more.
   */
  readonly long?: 'number' | 'bigint'
  /**
   * Whether a value of a union is written as itself, or as an object with the name of its branch, `{ "int": 7 }`.
   * Default `auto`: wrapped only where a value would not say which branch it is (`["int", "long"]`).
   */
  readonly wrapUnions?: 'auto' | 'always' | 'never'
  /** Default `js`: the values of README's table. `raw`: what they are made of, such as the days of a date. */
  readonly logicalTypes?: 'js' | 'raw'
}

export const AVRO_TYPE_OPTIONS: OptionKinds<AvroTypeOptions> = {
  long: 'other',
  wrapUnions: 'other',
  logicalTypes: 'other',
}

const CHOICES: Readonly<Record<keyof AvroTypeOptions, readonly string[]>> = {
  long: ['number', 'bigint'],
  wrapUnions: ['auto', 'always', 'never'],
  logicalTypes: ['js', 'raw'],
}

function checkChoices(options: AvroTypeOptions): void {
  for (const [name, choices] of Object.entries(CHOICES)) {
    const given = options[name as keyof AvroTypeOptions]
    if (given === undefined || choices.includes(given)) continue
    throw new FormatOptionError(`${name} expects ${choices.join(' or ')}, not ${String(given)}`)
  }
}

/**
 * @param referenced Texts of schemas whose types the schema uses, those first that others use.
 * @throws FormatOptionError which says what is wrong with the schema.
 */
export function parseAvro(schema: AvroSchema, options: AvroTypeOptions, referenced: readonly string[] = []): avsc.Type {
  const { long = 'number', wrapUnions = 'auto', logicalTypes: logical = 'js' } = options
  checkChoices(options)
  const dates = new Set<unknown>()
  // One object for all: types that were named are kept in it.
  const avscOptions: Partial<Parameters<typeof avsc.Type.forSchema>[1]> = {
    registry: { long: long === 'bigint' ? bigintLong : new NumberLong() },
    omitRecordMethods: true,
    wrapUnions,
    ...(logical === 'js' ? { logicalTypes } : {}),
    typeHook: (inner, innerOptions) => {
      const { type, logicalType } = (inner ?? {}) as { type?: unknown; logicalType?: unknown }
      if (type !== 'long') return guardedType(inner, innerOptions)
      if (logical === 'js' && logicalType === 'timestamp-millis') {
        // Asked twice: for the logical type, which avsc is left to make, and from within it for what it is made of.
        if (dates.delete(inner)) return new NumberLong()
        dates.add(inner)
        return undefined
      }
      // Nanoseconds since 1970 passed 2^53 in April of that year: never a number.
      const isNanos = logical === 'js' && String(logicalType).endsWith('timestamp-nanos')
      return isNanos || long === 'bigint' ? bigintLong : new NumberLong()
    },
  }
  try {
    for (const text of referenced) avsc.Type.forSchema(JSON.parse(text), avscOptions)
    return avsc.Type.forSchema((typeof schema === 'string' ? fromText(schema) : schema) as avsc.Schema, avscOptions)
  } catch (cause) {
    throw new FormatOptionError(`the Avro schema is not valid: ${messageOf(cause)}`, { cause })
  }
}

/** Whether values of one may be read as the other without resolving: nothing that has a meaning differs. */
export function isSameAvro(a: avsc.Type, b: avsc.Type): boolean {
  const text = (type: avsc.Type) => JSON.stringify(type.schema({ exportAttrs: true }))
  return text(a) === text(b)
}

/** @returns the full name of a record, enum or fixed; undefined for what has none. */
export function avroName(schema: AvroSchema | undefined): string | undefined {
  const { name, namespace } = ((typeof schema === 'string' ? fromText(schema) : schema) ?? {}) as Record<
    string,
    unknown
  >
  if (typeof name !== 'string') return undefined
  return name.includes('.') || typeof namespace !== 'string' || namespace === '' ? name : `${namespace}.${name}`
}

export function avroText(schema: AvroSchema): string {
  return typeof schema === 'string' ? schema : JSON.stringify(schema)
}

/** `"long"` and `long` are both a schema. */
function fromText(text: string): unknown {
  return /^[\w.]+$/.test(text.trim()) ? text.trim() : JSON.parse(text)
}

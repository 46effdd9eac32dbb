/**
 * What logical types are in JavaScript. Each keeps all that was written; README has the table.
 *
 * A type whose attributes are not valid is read as what it is made of, as the specification wants it.
 */
import avsc from 'avsc'
import { decimalBytes, decimalText } from './decimal.js'

const DAY_MS = 86_400_000

abstract class Converted<Raw, Value> extends avsc.types.LogicalType {
  protected abstract fromRaw(raw: Raw): Value
  /** Undefined for what is none of its values, so that a union can tell its branches apart. */
  protected abstract toRaw(value: unknown): Raw | undefined
  /** Whether values of the other one mean the same. */
  protected abstract sameAs(other: this): boolean

  protected override _fromValue(raw: Raw): Value {
    return this.fromRaw(raw)
  }

  protected override _toValue(value: unknown): Raw | undefined {
    return this.toRaw(value)
  }

  /** A writer's schema may lack the logical type, or have another of the same kind; then its values say something else. */
  protected override _resolve(writer: avsc.Type): ((value: unknown) => unknown) | undefined {
    if (writer instanceof avsc.types.LogicalType) {
      return writer.constructor === this.constructor && this.sameAs(writer as this) ? (value) => value : undefined
    }
    this.underlyingType.createResolver(writer)
    return (raw) => this.fromRaw(raw as Raw)
  }
}

/** A Date; milliseconds since 1970 in Avro. */
class TimestampMillis extends Converted<number | bigint, Date> {
  constructor(schema: avsc.Schema, options: unknown) {
    super(schema, options)
    mustBe(this, 'long')
  }

  /** Its own long is always a number; that of a writer without the logical type may be a bigint. */
  protected fromRaw(raw: number | bigint): Date {
    return dateOf(Number(raw))
  }

  protected toRaw(value: unknown): number | undefined {
    return isDate(value) ? value.getTime() : undefined
  }

  protected sameAs(): boolean {
    return true
  }
}

/** A Date at midnight UTC; days since 1970 in Avro. */
class DateOnly extends Converted<number, Date> {
  constructor(schema: avsc.Schema, options: unknown) {
    super(schema, options)
    mustBe(this, 'int')
  }

  protected fromRaw(days: number): Date {
    return dateOf(days * DAY_MS)
  }

  /** A time of day would be lost. */
  protected toRaw(value: unknown): number | undefined {
    if (!isDate(value) || value.getTime() % DAY_MS !== 0) return undefined
    return value.getTime() / DAY_MS
  }

  protected sameAs(): boolean {
    return true
  }
}

/** Text such as `-12.30`. */
class Decimal extends Converted<Buffer, string> {
  readonly #precision: number
  readonly #scale: number
  readonly #size: number | undefined

  constructor(schema: avsc.Schema, options: unknown) {
    super(schema, options)
    const { precision, scale = 0 } = schema as { precision?: unknown; scale?: unknown }
    if (!isCount(precision) || precision === 0 || !isCount(scale) || scale > precision) {
      throw new Error('a decimal needs a precision, and a scale that is not larger')
    }
    const underlying = this.underlyingType
    if (underlying.typeName !== 'fixed') mustBe(this, 'bytes')
    this.#precision = precision
    this.#scale = scale
    this.#size = underlying.typeName === 'fixed' ? (underlying as avsc.types.FixedType).size : undefined
  }

  protected fromRaw(raw: Buffer): string {
    return decimalText(raw, this.#scale)
  }

  protected toRaw(value: unknown): Buffer | undefined {
    return typeof value === 'string' ? decimalBytes(value, this.#precision, this.#scale, this.#size) : undefined
  }

  /** The precision may grow; another scale would move the point. */
  protected sameAs(other: this): boolean {
    return other.#scale === this.#scale
  }

  protected override _export(schema: avsc.Schema): void {
    Object.assign(schema, { precision: this.#precision, scale: this.#scale })
  }
}

export const logicalTypes = {
  'timestamp-millis': TimestampMillis,
  date: DateOnly,
  decimal: Decimal,
}

function mustBe(type: avsc.types.LogicalType, expected: 'int' | 'long' | 'bytes'): void {
  if (type.underlyingType.typeName !== expected) {
    throw new Error(`this logical type is made of ${expected}`)
  }
}

function dateOf(ms: number): Date {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) throw new Error(`${ms} ms since 1970 is outside of what a Date can be`)
  return date
}

function isDate(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0
}

/** What the schemas say about their fields, for docs/configuration.md. */
import type { z } from 'zod'
import { clientSchema } from './client-config.js'
import { type FieldDoc, shapeOf } from './fields.js'
import { ownedProperties } from './owned-properties.js'
import { readerSchema, sharedWithWork } from './reader-config.js'
import { workSchema } from './work-config.js'
import { writerSchema } from './writer-config.js'
import { writerOwnedProperties } from './writer-owned-properties.js'

export interface DocumentedField extends FieldDoc {
  /** With the name of the object that it is in, if any: `retry.attempts`. */
  name: string
  /** As one would write it; undefined where there is none. */
  default?: string
}

export const clientFields = fieldsOf(clientSchema.shape)
export const workFields = fieldsOf(workSchema.shape)
export const writerFields = fieldsOf(writerSchema.shape)
/** Those that a work does not have. */
export const readerFields = fieldsOf(readerSchema.shape).filter(({ name }) => !Object.hasOwn(sharedWithWork, name))
export const readerSharedFields = Object.keys(sharedWithWork)
export { ownedProperties, writerOwnedProperties }

function fieldsOf(shape: Readonly<Record<string, z.ZodType>>, within = ''): DocumentedField[] {
  return Object.entries(shape).flatMap(([field, type]) => {
    const name = `${within}${field}`
    const doc = type.meta() as unknown as FieldDoc
    const normal = type.safeParse(undefined)
    const text = doc.defaultText ?? (normal.success && normal.data !== undefined ? literal(normal.data) : undefined)
    const own = { name, ...doc, ...(text !== undefined && { default: text }) }
    const parts = doc.partsElsewhere ? undefined : shapeOf(type)
    return parts === undefined ? [own] : [own, ...fieldsOf(parts, `${name}.`)]
  })
}

function literal(value: unknown): string {
  if (typeof value === 'number') return `\`${value.toLocaleString('en-US').replaceAll(',', '_')}\``
  return `\`${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)}\``
}

/** What the schemas say about their fields, for docs/configuration.md. */
import type { z } from 'zod'
import { clientSchema } from './client-config.js'
import type { FieldDoc } from './fields.js'
import { ownedProperties } from './owned-properties.js'
import { workSchema } from './work-config.js'

export interface DocumentedField extends FieldDoc {
  name: string
  /** As one would write it; undefined where there is none. */
  default?: string
}

export const clientFields = fieldsOf(clientSchema)
export const workFields = fieldsOf(workSchema)
export { ownedProperties }

function fieldsOf(schema: z.ZodObject): DocumentedField[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const type = field as z.ZodType
    const doc = type.meta() as unknown as FieldDoc
    const normal = type.safeParse(undefined)
    const text = doc.defaultText ?? (normal.success && normal.data !== undefined ? literal(normal.data) : undefined)
    return { name, ...doc, ...(text !== undefined && { default: text }) }
  })
}

function literal(value: unknown): string {
  if (typeof value === 'number') return `\`${value.toLocaleString('en-US').replaceAll(',', '_')}\``
  return `\`${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)}\``
}

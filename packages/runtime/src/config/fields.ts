/** The parts the schemas are made of. What a field says about itself becomes docs/configuration.md. */
import { z } from 'zod'
import { errors } from '../errors.js'
import type { ZkError } from '../zk-error.js'
import { withoutCredentials } from './is-secret.js'
import { ownedProperty } from './owned-properties.js'
import { isPattern, patternFault } from './topic-pattern.js'

export interface FieldDoc {
  /** What it is. */
  description: string
  /** When to give it another value than the default. */
  change: string
  /** What may be given, as it completes "expected …". */
  expected: string
  /** Heading in the docs. */
  group: string
  /** Where the default is no constant. */
  defaultText?: string
  /** Its own fields are documented elsewhere, where the same object is a field too. */
  partsElsewhere?: boolean
}

/** Of times that nobody wants to be longer; librdkafka's own are shorter for some. */
const MAX_MS = 24 * 60 * 60 * 1000

export function documented<T extends z.ZodType>(schema: T, doc: FieldDoc): T {
  return schema.meta({ ...doc }) as T
}

type NumberDoc = Omit<FieldDoc, 'expected'>

export function milliseconds(normal: number, doc: NumberDoc, min = 1, max = MAX_MS) {
  return documented(z.int().min(min).max(max).default(normal), {
    ...doc,
    expected: `a whole number of milliseconds, ${min} to ${max}`,
  })
}

export function whole(min: number, max: number, what: string): { schema: z.ZodNumber; expected: string } {
  return { schema: z.int().min(min).max(max), expected: `a whole number of ${what}, ${min} to ${max}` }
}

/** A field that is an object of documented fields. Those that are not given have their defaults. */
export function nested<S extends z.ZodRawShape>(shape: S, doc: Omit<FieldDoc, 'expected'>) {
  const fields = Object.keys(shape).join(', ')
  return documented(z.strictObject(shape).prefault({} as never), {
    defaultText: 'those of its fields',
    ...doc,
    expected: `an object of ${fields}`,
  })
}

interface Layer {
  shape?: Record<string, z.ZodType>
  def?: { innerType?: Layer; out?: Layer; options?: Layer[] }
}

/** The fields of an object, whatever stands around or beside it (defaults, a short form); undefined for what is no object. */
export function shapeOf(schema: unknown): Record<string, z.ZodType> | undefined {
  const { shape, def = {} } = schema as Layer
  if (shape !== undefined) return shape
  const inner = def.innerType ?? def.out ?? def.options?.find((option) => option.shape !== undefined)
  return inner === undefined ? undefined : shapeOf(inner)
}

export const text = z.string().min(1)

/** A module to load in each thread. */
export const moduleUrl = z.custom<URL | string>((value) => (typeof value === 'string' && value !== '') || isUrl(value))

/** A test runner's URL may be another class than this file's. */
function isUrl(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { href?: unknown }).href === 'string'
}

const TOPIC = /^[a-zA-Z0-9._-]{1,249}$/

/** @returns what is wrong with a topic name or pattern. */
function topicFault(topic: string): string | undefined {
  if (isPattern(topic)) return patternFault(topic)
  if (topic === '') return 'it is empty'
  if (topic === '.' || topic === '..') return 'Kafka reserves it'
  if (topic.length > 249) return `it has ${topic.length} characters`
  const bad = [...topic].find((character) => !TOPIC.test(character))
  return bad === undefined ? undefined : `it contains ${JSON.stringify(bad)}`
}

/** An issue that is an error of its own when nothing else is wrong; `params` is zod's place for such things. */
export interface OwnError {
  error: () => ZkError
}

export const topicName = z.string().superRefine((topic, context) => {
  const why = topicFault(topic)
  if (why === undefined) return
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(topic)} is not a topic name: ${why}`,
    params: { error: () => errors.ZK_TOPIC_INVALID(topic, why) } satisfies OwnError,
  })
})

export const bootstrapServer = z.string().superRefine((server, context) => {
  const fault = serverFault(server)
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
})

function serverFault(server: string): string | undefined {
  const shown = JSON.stringify(withoutCredentials(server))
  if (server.includes(',')) return `${shown} is more than one server: give each as an entry of its own`
  if (server.includes('://')) return `${shown} is a URL; expected host:port (security is set by sasl and tls)`
  const port = /^(?:[^\s:/[\]]+|\[[0-9a-fA-F:.]+\]):(\d+)$/.exec(server)?.[1]
  if (port === undefined) return `${shown} is not host:port, such as "localhost:9092" or "[::1]:9092"`
  return Number(port) >= 1 && Number(port) <= 65_535 ? undefined : `${shown} has a port outside of 1 to 65535`
}

/** @param owned says why a property may not be given, or undefined */
export const additionalPropsExcept = (owned: (name: string) => string | undefined) =>
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).superRefine((props, context) => {
    for (const name of Object.keys(props)) {
      const why = owned(name)
      if (why === undefined) continue
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `is set by the runtime and cannot be given: ${why}`,
        params: { error: () => errors.ZK_CONFIG_OWNED_PROPERTY(name, why) } satisfies OwnError,
      })
    }
  })

export const additionalProps = additionalPropsExcept(ownedProperty)

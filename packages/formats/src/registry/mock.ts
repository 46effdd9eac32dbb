/**
 * A registry in memory behind `mock://name`, for tests: the requests that the client makes, with the answers and error
 * codes of the real one. It checks no compatibility, as a registry does whose level is NONE.
 */
import type { HttpAnswer, Transport } from './http.js'

interface Stored {
  readonly id: number
  readonly schemaType: string
  readonly schema: string
  readonly references: readonly Reference[]
}

interface Reference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

interface MockRegistry {
  /** The schema of id n is at n - 1. */
  readonly schemas: Stored[]
  /** Version n of a subject is at n - 1. */
  readonly subjects: Map<string, Stored[]>
}

const registries = new Map<string, MockRegistry>()

/** @param url What is in memory under the same url is the same registry. */
export function mockTransport(url: string): Transport {
  let registry = registries.get(url)
  if (registry === undefined) {
    registry = { schemas: [], subjects: new Map() }
    registries.set(url, registry)
  }
  const of = registry
  return async (method, path, body) => answerOf(of, method, path, body)
}

function answerOf(registry: MockRegistry, method: string, target: string, body: string | undefined): HttpAnswer {
  const { pathname, searchParams } = new URL(target, 'mock://registry')
  const parts = pathname.split('/').slice(1).map(decodeURIComponent)
  const normalize = searchParams.get('normalize') === 'true'
  const [first, subject = '', third, version] = parts
  if (method === 'GET' && first === 'schemas' && subject === 'ids') return byId(registry, Number(third))
  if (first === 'subjects') {
    if (method === 'GET' && parts.length === 1) return ok([...registry.subjects.keys()])
    if (method === 'POST' && parts.length === 2) return lookUp(registry, subject, body, normalize)
    if (method === 'POST' && parts.length === 3) return register(registry, subject, body, normalize)
    const versions = registry.subjects.get(subject)
    if (versions === undefined) return notFound(40401, `Subject '${subject}' not found.`)
    if (method === 'DELETE' && parts.length === 2) {
      registry.subjects.delete(subject)
      return ok(versions.map((_, index) => index + 1))
    }
    if (method === 'GET' && parts.length === 3) return ok(versions.map((_, index) => index + 1))
    if (method === 'GET' && parts.length === 4) return byVersion(subject, versions, version as string)
  }
  if (method === 'POST' && first === 'compatibility') return ok({ is_compatible: true })
  return { status: 404, body: JSON.stringify({ error_code: 404, message: 'HTTP 404 Not Found' }) }
}

function register(registry: MockRegistry, subject: string, body: string | undefined, normalize: boolean): HttpAnswer {
  const given = parse(body)
  const wrong = given === undefined ? 'the request is no schema' : problemOf(registry, given)
  if (given === undefined || wrong !== undefined) return invalid(wrong as string)
  const versions = registry.subjects.get(subject) ?? []
  const same = (known: Stored) => isSame(known, given, normalize)
  let stored = versions.find(same) ?? registry.schemas.find(same)
  if (stored === undefined) {
    stored = { id: registry.schemas.length + 1, ...given }
    registry.schemas.push(stored)
  }
  if (!versions.includes(stored)) versions.push(stored)
  registry.subjects.set(subject, versions)
  return ok({ id: stored.id })
}

function lookUp(registry: MockRegistry, subject: string, body: string | undefined, normalize: boolean): HttpAnswer {
  const given = parse(body)
  if (given === undefined) return invalid('the request is no schema')
  const versions = registry.subjects.get(subject)
  if (versions === undefined) return notFound(40401, `Subject '${subject}' not found.`)
  const index = versions.findIndex((known) => isSame(known, given, normalize))
  return index < 0 ? notFound(40403, 'Schema not found') : ok(described(subject, index + 1, versions[index] as Stored))
}

function byId(registry: MockRegistry, id: number): HttpAnswer {
  const stored = registry.schemas[id - 1]
  if (stored === undefined) return notFound(40403, `Schema ${id} not found`)
  const { id: _, ...rest } = described('', 0, stored)
  return ok(rest)
}

function byVersion(subject: string, versions: readonly Stored[], version: string): HttpAnswer {
  const number = version === 'latest' ? versions.length : Number(version)
  const stored = versions[number - 1]
  return stored === undefined
    ? notFound(40402, `Version ${version} not found.`)
    : ok(described(subject, number, stored))
}

/** As the real one, Avro is not named and no references are none. */
function described(subject: string, version: number, { id, schemaType, schema, references }: Stored) {
  return {
    ...(subject === '' ? {} : { subject, version }),
    id,
    ...(schemaType === 'AVRO' ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references }),
    schema,
  }
}

function parse(body: string | undefined): Omit<Stored, 'id'> | undefined {
  try {
    const { schema, schemaType = 'AVRO', references = [] } = JSON.parse(body ?? '')
    return typeof schema === 'string' ? { schema, schemaType, references } : undefined
  } catch {
    return undefined
  }
}

function problemOf(registry: MockRegistry, { schema, schemaType, references }: Omit<Stored, 'id'>): string | undefined {
  const missing = references.find(({ subject, version }) => registry.subjects.get(subject)?.[version - 1] === undefined)
  if (missing !== undefined)
    return `reference ${missing.name} (${missing.subject}, version ${missing.version}) does not exist`
  if (schemaType !== 'PROTOBUF' && canonical(schemaType, schema) === undefined) return 'the schema is no JSON'
  return schema.trim() === '' ? 'the schema is empty' : undefined
}

function isSame(known: Stored, given: Omit<Stored, 'id'>, normalize: boolean): boolean {
  const text = (schema: string) => (normalize ? canonical(given.schemaType, schema) : schema)
  return (
    known.schemaType === given.schemaType &&
    text(known.schema) === text(given.schema) &&
    JSON.stringify(known.references.map(inOrder)) === JSON.stringify(given.references.map(inOrder))
  )
}

function inOrder({ name, subject, version }: Reference) {
  return [name, subject, version]
}

/** Without what makes no difference: white space. */
function canonical(schemaType: string, schema: string): string | undefined {
  if (schemaType === 'PROTOBUF') return schema.replace(/\s+/g, ' ').trim()
  try {
    return JSON.stringify(JSON.parse(schema))
  } catch {
    return undefined
  }
}

function ok(value: unknown): HttpAnswer {
  return { status: 200, body: JSON.stringify(value) }
}

function notFound(code: number, message: string): HttpAnswer {
  return { status: 404, body: JSON.stringify({ error_code: code, message }) }
}

function invalid(message: string): HttpAnswer {
  return { status: 422, body: JSON.stringify({ error_code: 42201, message }) }
}

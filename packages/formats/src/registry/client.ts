import { messageOf } from '../message-of.js'
import { type RegistryConfig, resolveRegistryConfig } from './config.js'
import { RegistryError } from './registry-error.js'
import { isTransient, type RegistryAnswer, type RegistryRequests, sharedRegistryRequests } from './requests.js'

export type SchemaType = 'AVRO' | 'PROTOBUF' | 'JSON'

/** A schema that another one uses, and the name under which it does: of a type in Avro, of an import in Protobuf. */
export interface SchemaReference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

export interface SchemaText {
  readonly type: SchemaType
  /** JSON for Avro and JSON Schema; for Protobuf .proto text, or a FileDescriptorProto in base64. */
  readonly schema: string
  readonly references?: readonly SchemaReference[]
}

export interface RegisteredSchema extends SchemaText {
  readonly id: number
  readonly subject: string
  readonly version: number
}

export type CompatibilityLevel =
  | 'NONE'
  | 'BACKWARD'
  | 'BACKWARD_TRANSITIVE'
  | 'FORWARD'
  | 'FORWARD_TRANSITIVE'
  | 'FULL'
  | 'FULL_TRANSITIVE'

export interface Compatibility {
  readonly compatible: boolean
  /** What the registry says about it; not all of them say anything. */
  readonly why: readonly string[]
}

export interface NormalizeOptions {
  /** Schemas that differ in form only are the same. Default false, as in the REST API. */
  readonly normalize?: boolean
}

/**
 * A schema registry over its REST API (Confluent's, and what speaks the same, such as Apicurio's `/apis/ccompat/v7`).
 *
 * What never changes is asked for once, however many ask. All methods reject with a RegistryError.
 */
export class SchemaRegistry {
  /** Its address, without credentials. */
  readonly name: string
  readonly #requests: RegistryRequests

  /**
   * @param requests Who makes the requests. Default: all in this thread that give an equal configuration share one.
   * @throws FormatOptionError when the configuration is not valid.
   */
  constructor(config: RegistryConfig, requests: RegistryRequests = sharedRegistryRequests(config)) {
    this.name = resolveRegistryConfig(config).name
    this.#requests = requests
  }

  /** The schema of an id, as values begin with. */
  async byId(id: number): Promise<SchemaText> {
    return this.#schema(await this.#ask('GET', `/schemas/ids/${id}`, `the schema with id ${id}`))
  }

  async version(subject: string, version: number | 'latest'): Promise<RegisteredSchema> {
    // A version that was deleted may still be referred to.
    const deleted = version === 'latest' ? '' : '?deleted=true'
    const what = version === 'latest' ? `a version of the subject ${subject}` : `version ${version} of ${subject}`
    return this.#registered(await this.#ask('GET', `/subjects/${encode(subject)}/versions/${version}${deleted}`, what))
  }

  /** @returns the id; that of the version that exists, when the subject has the schema already. */
  async register(subject: string, schema: SchemaText, { normalize = false }: NormalizeOptions = {}): Promise<number> {
    const path = `/subjects/${encode(subject)}/versions?normalize=${normalize}`
    return this.#number(await this.#ask('POST', path, `the subject ${subject}`, bodyOf(schema)), 'id')
  }

  /** The version of the subject that has this schema. */
  async find(
    subject: string,
    schema: SchemaText,
    { normalize = false }: NormalizeOptions = {},
  ): Promise<RegisteredSchema> {
    const path = `/subjects/${encode(subject)}?normalize=${normalize}`
    return this.#registered(await this.#ask('POST', path, `this schema in the subject ${subject}`, bodyOf(schema)))
  }

  /** Whether the schema may follow a version of the subject. A subject without versions takes any. */
  async compatibility(
    subject: string,
    schema: SchemaText,
    version: number | 'latest' = 'latest',
  ): Promise<Compatibility> {
    const path = `/compatibility/subjects/${encode(subject)}/versions/${version}?verbose=true`
    try {
      const { is_compatible: compatible, messages } = await this.#ask('POST', path, 'the subject', bodyOf(schema))
      return { compatible: compatible === true, why: Array.isArray(messages) ? messages.map(String) : [] }
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'ZK_SCHEMA_NOT_FOUND') return { compatible: true, why: [] }
      throw error
    }
  }

  /** How the versions of a subject must fit each other from now on. */
  async setCompatibility(subject: string, level: CompatibilityLevel): Promise<void> {
    await this.#ask(
      'PUT',
      `/config/${encode(subject)}`,
      `the subject ${subject}`,
      JSON.stringify({ compatibility: level }),
    )
  }

  async #ask(
    method: Parameters<RegistryRequests['request']>[0],
    path: string,
    what: string,
    body?: string,
  ): Promise<Record<string, unknown>> {
    const answer = await this.#requests.request(method, path, body)
    if (answer.status < 200 || answer.status > 299) throw this.#failure(answer, what)
    const value = jsonOf(answer.body)
    if (value === undefined) throw this.#strange(path, answer.body)
    return value
  }

  /** Codes of the REST API: 404xx what is missing, 409 incompatible, 422xx not valid. */
  #failure({ status, body }: RegistryAnswer, what: string): RegistryError {
    if (status === 0) return new RegistryError('ZK_REGISTRY_UNAVAILABLE', this.name, body)
    const { error_code: code, message } = jsonOf(body) ?? {}
    const says = typeof message === 'string' ? `${messageOf(message)} (${status})` : `HTTP ${status}`
    if (isTransient(status)) return new RegistryError('ZK_REGISTRY_UNAVAILABLE', this.name, says)
    if (status === 404 && typeof code === 'number' && code > 40400 && code < 40500) {
      return new RegistryError('ZK_SCHEMA_NOT_FOUND', this.name, `${what}: ${says}`)
    }
    if (status === 409) return new RegistryError('ZK_SCHEMA_INCOMPATIBLE', this.name, `${what}: ${says}`)
    if (status === 422 || status === 400) return new RegistryError('ZK_SCHEMA_INVALID', this.name, `${what}: ${says}`)
    return new RegistryError('ZK_REGISTRY_REFUSED', this.name, says)
  }

  #registered(value: Record<string, unknown>): RegisteredSchema {
    const subject = value.subject
    if (typeof subject !== 'string') throw this.#strange('a schema', JSON.stringify(value))
    return { ...this.#schema(value), subject, id: this.#number(value, 'id'), version: this.#number(value, 'version') }
  }

  #schema({ schema, schemaType, references }: Record<string, unknown>): SchemaText {
    if (typeof schema !== 'string') throw this.#strange('a schema', JSON.stringify({ schema }))
    const type = (schemaType ?? 'AVRO') as SchemaType
    return Array.isArray(references) && references.length > 0 ? { type, schema, references } : { type, schema }
  }

  #number(value: Record<string, unknown>, field: string): number {
    const number = value[field]
    if (typeof number !== 'number') throw this.#strange(field, JSON.stringify(value))
    return number
  }

  /** Something answers at this address, but no registry: a proxy, a login page. */
  #strange(asked: string, body: string): RegistryError {
    return new RegistryError(
      'ZK_REGISTRY_REFUSED',
      this.name,
      `no registry's answer to ${asked}: ${body.slice(0, 100)}`,
    )
  }
}

function bodyOf({ type, schema, references }: SchemaText): string {
  return JSON.stringify({
    schema,
    ...(type === 'AVRO' ? {} : { schemaType: type }),
    ...(references === undefined || references.length === 0 ? {} : { references }),
  })
}

function encode(subject: string): string {
  return encodeURIComponent(subject)
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

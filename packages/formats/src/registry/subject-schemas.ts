import type { FormatHost, FormatPlace } from '../format.js'
import { FormatError } from '../format-error.js'
import { FormatOptionError, type OptionKinds } from '../format-option-error.js'
import { type RegisteredSchema, SchemaRegistry, type SchemaText } from './client.js'
import { type RegistryConfig, resolveRegistryConfig } from './config.js'
import { RegistryError } from './registry-error.js'
import { type SubjectOf, type SubjectOptions, subjectNaming } from './subject.js'

/** What all formats with a registry have in common. */
export interface RegistryFormatOptions extends SubjectOptions {
  readonly registry: RegistryConfig
  /**
   * Register the schema in the subject when a value is first written. Default false: the subject must have it, which is
   * looked up. With false nothing in production changes a registry by being started.
   */
  readonly autoRegister?: boolean
  /**
   * Write under the subject's latest version, whatever it is, instead of under the format's own schema. Default false.
   * Not together with autoRegister.
   */
  readonly useLatest?: boolean
  /** Register and look up in a normal form, in which white space and the like make no difference. Default true. */
  readonly normalize?: boolean
  /**
   * Ask before registering whether the schema may follow the latest version, so that the error says why it may not, where
   * the registry tells. Default false: registering refuses too, if the registry's level says so.
   */
  readonly checkCompatibility?: boolean
}

export const REGISTRY_OPTIONS: OptionKinds<RegistryFormatOptions> = {
  registry: 'other',
  subjectStrategy: 'other',
  subject: 'other',
  autoRegister: 'flag',
  useLatest: 'flag',
  normalize: 'flag',
  checkCompatibility: 'flag',
}

interface Entry<T> {
  readonly id: number
  readonly extra: T
  /** When it is asked for again, by Date.now(). */
  readonly until: number
}

export interface SubjectSchemasInit<T> {
  /** Of the format, for errors. */
  readonly format: string
  readonly options: RegistryFormatOptions
  readonly recordName: string | undefined
  /** The format's own schema, to be registered or looked up. Not called with useLatest. */
  readonly schema: (registry: SchemaRegistry) => SchemaText | Promise<SchemaText>
  /** What the format needs beside the id to write under the subject's latest schema. */
  readonly fromLatest?: (latest: RegisteredSchema, registry: SchemaRegistry) => Promise<T>
}

/** The schema under which a format writes in each subject: fetched once by `prepare`, there at once for `get`. */
export class SubjectSchemas<T = undefined> {
  readonly #init: SubjectSchemasInit<T>
  readonly #subjectOf: SubjectOf
  readonly #latestTtlMs: number
  readonly #entries = new Map<string, Entry<T | undefined>>()
  readonly #pending = new Map<string, Promise<void>>()
  #registry: SchemaRegistry | undefined

  /** @throws FormatOptionError when the options are not valid. */
  constructor(init: SubjectSchemasInit<T>) {
    const { options, recordName } = init
    this.#init = init
    this.#latestTtlMs = resolveRegistryConfig(options.registry).latestTtlMs
    this.#subjectOf = subjectNaming(options, recordName)
    if (options.autoRegister === true && options.useLatest === true) {
      throw new FormatOptionError('autoRegister and useLatest contradict each other: give one of them')
    }
  }

  open(host: FormatHost): void {
    const { registry } = this.#init.options
    this.#registry = new SchemaRegistry(registry, host.registry(registry))
  }

  get registry(): SchemaRegistry {
    this.#registry ??= new SchemaRegistry(this.#init.options.registry)
    return this.#registry
  }

  /** @returns undefined when `get` may be called at once. */
  prepare(place: FormatPlace): Promise<void> | undefined {
    const subject = this.#subjectOf(place) as string
    const known = this.#entries.get(subject)
    if (known !== undefined && (known.until === Number.POSITIVE_INFINITY || known.until > Date.now())) return undefined
    let pending = this.#pending.get(subject)
    if (pending === undefined) {
      pending = this.#fetch(subject, known).finally(() => this.#pending.delete(subject))
      this.#pending.set(subject, pending)
    }
    return pending
  }

  /** @throws FormatError when `prepare` was not awaited before. */
  get(place: FormatPlace | undefined): Entry<T | undefined> {
    const { format } = this.#init
    const subject = this.#subjectOf(place)
    if (subject === undefined) {
      throw new FormatError('ZK_ENCODE_FAILED', format, 'its subject depends on the topic, and no place was given')
    }
    const entry = this.#entries.get(subject)
    if (entry !== undefined) return entry
    throw new FormatError(
      'ZK_ENCODE_FAILED',
      format,
      `the schema of the subject ${subject} has not been fetched; await prepareEncode before`,
    )
  }

  async #fetch(subject: string, known: Entry<T | undefined> | undefined): Promise<void> {
    try {
      this.#entries.set(subject, await this.#resolve(subject))
    } catch (error) {
      // What was the latest a minute ago is still a schema of the subject: better than not to write.
      if (known === undefined || !(error instanceof RegistryError) || !error.retryable) throw error
      this.#entries.set(subject, { ...known, until: Date.now() + this.#latestTtlMs })
    }
  }

  async #resolve(subject: string): Promise<Entry<T | undefined>> {
    const { options, schema, fromLatest } = this.#init
    const { registry } = this
    const { normalize = true } = options
    if (options.useLatest === true) {
      const latest = await registry.version(subject, 'latest')
      const extra = await fromLatest?.(latest, registry)
      return { id: latest.id, extra, until: Date.now() + this.#latestTtlMs }
    }
    const own = await schema(registry)
    if (options.autoRegister !== true) {
      const { id } = await registry.find(subject, own, { normalize })
      return { id, extra: undefined, until: Number.POSITIVE_INFINITY }
    }
    if (options.checkCompatibility === true) await this.#mustFit(subject, own)
    const id = await registry.register(subject, own, { normalize })
    return { id, extra: undefined, until: Number.POSITIVE_INFINITY }
  }

  async #mustFit(subject: string, own: SchemaText): Promise<void> {
    const { compatible, why } = await this.registry.compatibility(subject, own)
    if (compatible) return
    const reasons = why.length > 0 ? `: ${why.join('; ')}` : ''
    throw new RegistryError(
      'ZK_SCHEMA_INCOMPATIBLE',
      this.registry.name,
      `the schema does not fit the latest version of the subject ${subject}${reasons}`,
    )
  }
}

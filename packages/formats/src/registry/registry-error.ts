import { brandAsZkError } from '../brand.js'

/** What went wrong with a registry. The sentences are those of packages/runtime/src/errors.ts; a test there compares them. */
const sentences = {
  ZK_REGISTRY_UNAVAILABLE: (registry: string, why: string) =>
    `The schema registry ${registry} did not answer: ${why}. It is asked again; nothing is wrong with the record.`,
  ZK_REGISTRY_REFUSED: (registry: string, why: string) =>
    `The schema registry ${registry} refused a request: ${why}. Check its address, the credentials and what they may do.`,
  ZK_SCHEMA_NOT_FOUND: (registry: string, why: string) =>
    `The schema registry ${registry} does not have it: ${why}. Register the schema, or let autoRegister do it.`,
  ZK_SCHEMA_INCOMPATIBLE: (registry: string, why: string) =>
    `Schemas of the registry ${registry} do not fit each other: ${why}. Give new fields a default, or use another subject.`,
  ZK_SCHEMA_INVALID: (registry: string, why: string) =>
    `A schema of the registry ${registry} is not valid: ${why}. Correct the schema.`,
}

export type RegistryErrorCode = keyof typeof sentences

/**
 * With these nothing is wrong with the record or the schema: whoever comes later, or after somebody has mended the
 * registry or the credentials, succeeds.
 */
const RETRYABLE: ReadonlySet<RegistryErrorCode> = new Set(['ZK_REGISTRY_UNAVAILABLE', 'ZK_REGISTRY_REFUSED'])

/** A registry that is down or refuses, or a schema that is missing, not valid or does not fit. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode
  /** True when the record has no part in it: the registry is down, or the credentials are wrong. */
  readonly retryable: boolean
  readonly exitCode = 1
  readonly details: { readonly registry: string }

  static {
    Object.defineProperty(RegistryError.prototype, 'name', { value: 'RegistryError' })
  }

  /** @param registry Its address, without credentials. */
  constructor(code: RegistryErrorCode, registry: string, why: string, cause?: unknown) {
    super(sentences[code](registry, why), cause === undefined ? undefined : { cause })
    this.code = code
    this.retryable = RETRYABLE.has(code)
    this.details = { registry }
    brandAsZkError(this)
  }
}

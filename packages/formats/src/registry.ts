export {
  type Compatibility,
  type CompatibilityLevel,
  type NormalizeOptions,
  type RegisteredSchema,
  type SchemaReference,
  SchemaRegistry,
  type SchemaText,
  type SchemaType,
} from './registry/client.js'
export type { BasicAuth, BearerAuth, RegistryConfig, RegistryTls } from './registry/config.js'
export { type JsonRegistryOptions, jsonRegistry } from './registry/json-registry.js'
export { RegistryError, type RegistryErrorCode } from './registry/registry-error.js'
export {
  createRegistryRequests,
  type RegistryAnswer,
  type RegistryRequests,
  sharedRegistryRequests,
} from './registry/requests.js'
export type { SubjectOptions, SubjectStrategy } from './registry/subject.js'
export type { RegistryFormatOptions } from './registry/subject-schemas.js'

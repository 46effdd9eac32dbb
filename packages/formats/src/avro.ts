export { type AvroOptions, avro } from './avro/avro-format.js'
export { type AvroRegistryOptions, avroRegistry } from './avro/avro-registry.js'
export type { AvroSchema, AvroTypeOptions } from './avro/parse.js'

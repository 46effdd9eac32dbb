export { type ProtoOptions, proto } from './proto/proto-format.js'
export { type ProtoRegistryOptions, protoRegistry } from './proto/proto-registry.js'

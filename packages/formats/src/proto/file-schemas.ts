import { type DescFile, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import type { SchemaReference, SchemaRegistry, SchemaText } from '../registry/client.js'

export interface FileSchemaOptions {
  /**
   * .proto texts by the name that imports have for them, such as `shop/order.proto`. What is not here is registered as its
   * descriptor in base64, which Confluent's registry understands; Apicurio keeps it as it is, unread.
   */
  readonly sources?: Readonly<Record<string, string>>
  readonly autoRegister: boolean
  readonly normalize: boolean
}

/**
 * The schema of a file, with references to the files that it imports. Each of those is a subject of its own, with the name of
 * the import, as Confluent's serializers have it. Google's own are known to every registry.
 */
export async function fileSchema(
  file: DescFile,
  registry: SchemaRegistry,
  options: FileSchemaOptions,
): Promise<SchemaText> {
  const references: SchemaReference[] = []
  for (const imported of file.dependencies) {
    const name = importName(imported)
    if (name.startsWith('google/protobuf/') || name.startsWith('confluent/')) continue
    references.push({ name, subject: name, version: await versionOf(imported, name, registry, options) })
  }
  return { type: 'PROTOBUF', schema: textOf(file, options), references }
}

async function versionOf(
  file: DescFile,
  subject: string,
  registry: SchemaRegistry,
  options: FileSchemaOptions,
): Promise<number> {
  const schema = await fileSchema(file, registry, options)
  const { normalize } = options
  if (options.autoRegister) await registry.register(subject, schema, { normalize })
  return (await registry.find(subject, schema, { normalize })).version
}

function textOf(file: DescFile, { sources }: FileSchemaOptions): string {
  const source = sources?.[importName(file)]
  if (source !== undefined) return source
  return Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)).toString('base64')
}

/** Descriptors go without the suffix that imports have. */
function importName(file: DescFile): string {
  return `${file.name}.proto`
}

import type { SchemaRegistry, SchemaText } from '../registry/client.js'

/** @returns the texts of all schemas that one refers to, directly or not, each once, those first that others use. */
export async function referencedSchemas(of: SchemaText, registry: SchemaRegistry): Promise<string[]> {
  const texts: string[] = []
  const seen = new Set<string>()
  async function visit({ references = [] }: SchemaText): Promise<void> {
    for (const { subject, version } of references) {
      const key = `${version} of ${subject}`
      if (seen.has(key)) continue
      seen.add(key)
      const found = await registry.version(subject, version)
      await visit(found)
      texts.push(found.schema)
    }
  }
  await visit(of)
  return texts
}

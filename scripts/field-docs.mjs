import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

/** What the schemas say of their fields, from the sources and not from dist: a page made from a stale build would pass its own check. */
export async function loadFieldDocs() {
  const { buildSync } = createRequire(path('../packages/runtime/package.json'))('esbuild')
  const { outputFiles } = buildSync({
    entryPoints: [path('../packages/runtime/src/config/field-docs.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

/**
 * A TypeScript processor and the files it imports by relative paths, as one ES module for Node 20.
 *
 * - Packages stay imports. Only the user's own files are bundled, because Node 20 cannot load TypeScript.
 * - The result is always an ES module, whatever the nearest package.json says. A file without import or export is
 *   CommonJS and keeps its `module.exports`, which becomes the default export; one that has them is an ES module
 *   even where `"type": "commonjs"` would make tsc emit `require`, because packages that are ES modules only (this
 *   one, for a start) could not be required. `require` works in both.
 * - `import.meta`, `__filename` and `__dirname` are those of each original file: the compiled file lies elsewhere, so
 *   each file that mentions them gets its own as constants on its first line, where they move no line number.
 * - `import()` with a computed path follows the compiled file, as far as esbuild cannot turn it into a list of files:
 *   use `new URL(path, import.meta.url)` there.
 * - Types are not checked, and `emitDecoratorMetadata` is not supported; both are so with esbuild.
 */
import { readFile } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { BuildFailure, Loader, Message, OutputFile, Plugin } from 'esbuild'
import { errors, type SourceProblem } from '../errors.js'
import { packageRoot } from './package-root.js'

type Esbuild = Pick<typeof import('esbuild'), 'build'>

export interface CompiledTypeScript {
  /** With an inline source map that holds the sources. */
  code: string
  /** Absolute paths of all files that went in, the entry first. */
  inputs: string[]
  warnings: string[]
}

/** @throws ZK_TYPESCRIPT_UNAVAILABLE, ZK_TYPESCRIPT_FAILED */
export async function compileTypeScript(
  source: string,
  loadEsbuild: () => Promise<Esbuild> = () => import('esbuild'),
): Promise<CompiledTypeScript> {
  // Paths in comments and messages are relative to it, so the output does not depend on the working directory.
  const base = packageRoot(dirname(source)) ?? dirname(source)
  const originals = new Map<string, string>()
  const esbuild = await loadEsbuild().catch((cause: unknown) => {
    throw errors.ZK_TYPESCRIPT_UNAVAILABLE(source, { cause })
  })
  const result = await esbuild
    .build({
      absWorkingDir: base,
      entryPoints: [source],
      outfile: resolve(base, 'processor.mjs'),
      write: false,
      bundle: true,
      packages: 'external',
      platform: 'node',
      target: 'node20',
      format: 'esm',
      charset: 'utf8',
      sourcemap: 'external',
      metafile: true,
      logLevel: 'silent',
      define: { 'import.meta': '__zkMeta', __dirname: '__zkDirname', __filename: '__zkFilename' },
      plugins: [keepOwnPlace(originals), nativeAddonsStayOutside],
    })
    .catch((error: unknown) => {
      if (!isBuildFailure(error)) throw errors.ZK_TYPESCRIPT_UNAVAILABLE(source, { cause: error })
      throw errors.ZK_TYPESCRIPT_FAILED(
        source,
        error.errors.map((message) => toProblem(message, base)),
      )
    })
  const inputs = Object.keys(result.metafile.inputs).map((path) => resolve(base, path))
  return {
    code: assemble(result.outputFiles, source, originals),
    inputs: [source, ...inputs.filter((path) => path !== source)],
    warnings: result.warnings.map((warning) => formatProblem(toProblem(warning, base))),
  }
}

/** Gives each file its own place as constants; the names are put in by `define`. */
function keepOwnPlace(originals: Map<string, string>): Plugin {
  return {
    name: 'keep-own-place',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        if (!/import\.meta|__dirname|__filename/.test(text)) return undefined
        originals.set(path, text)
        return { contents: ownPlace(path) + text.replace(/^#!/, '//'), loader: loaderOf(path) }
      })
    },
  }
}

function ownPlace(path: string): string {
  const [url, filename, folder] = [pathToFileURL(path).href, path, dirname(path)].map((one) => JSON.stringify(one))
  return (
    `const __zkFilename=${filename},__zkDirname=${folder},__zkMeta={` +
    `url:${url},filename:${filename},dirname:${folder},` +
    `resolve:(to)=>/^(\\.{0,2}\\/|file:)/.test(to)?new URL(to,${url}).href:__zkResolve(to)};`
  )
}

function loaderOf(path: string): Loader {
  const extension = extname(path).replace(/^\.[cm]?/, '')
  return extension as 'js' | 'jsx' | 'ts' | 'tsx'
}

const nativeAddonsStayOutside: Plugin = {
  name: 'native-addons-stay-outside',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.{1,2}\/.*\.node$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path),
      external: true,
    }))
  },
}

function assemble(files: readonly OutputFile[], source: string, originals: ReadonlyMap<string, string>): string {
  const code = files.find(({ path }) => path.endsWith('.mjs'))
  const map = files.find(({ path }) => path.endsWith('.mjs.map'))
  if (code === undefined || map === undefined) throw errors.ZK_INTERNAL('esbuild gave no code or no source map')
  // On the first line, which is esbuild's own (a helper, a comment or a hashbang): no mapping points there.
  // A `require` of the user does not clash: esbuild keeps the name for itself and renames any other.
  const prelude =
    `import{createRequire as __zkCreateRequire}from"node:module";` +
    `const require=__zkCreateRequire(${JSON.stringify(pathToFileURL(source).href)}),` +
    `__zkResolve=(to)=>import.meta.resolve(to);`
  const sourceMap = Buffer.from(withOriginals(map, originals)).toString('base64')
  return (
    `${prelude}${code.text.replace(/^#!/, '//')}` + `//# sourceMappingURL=data:application/json;base64,${sourceMap}\n`
  )
}

/** The map with absolute URLs, so that it may lie anywhere, and without the constants that were put in. */
function withOriginals(map: OutputFile, originals: ReadonlyMap<string, string>): string {
  const parsed = JSON.parse(map.text) as { sources: string[]; sourcesContent: string[] }
  const paths = parsed.sources.map((path) => resolve(dirname(map.path), path))
  return JSON.stringify({
    ...parsed,
    sources: paths.map((path) => pathToFileURL(path).href),
    sourcesContent: paths.map((path, index) => originals.get(path) ?? parsed.sourcesContent[index]),
  })
}

function isBuildFailure(error: unknown): error is BuildFailure {
  const found = (error as { errors?: unknown } | null)?.errors
  return Array.isArray(found) && found.length > 0
}

function toProblem({ text, location, notes }: Message, base: string): SourceProblem {
  const message = [text, ...notes.map((note) => note.text)].filter((line) => line !== '').join(' ')
  if (location === null) return { message }
  const file = location.file.startsWith('file:') ? fileURLToPath(location.file) : resolve(base, location.file)
  return { message, file, line: location.line, column: location.column + 1 }
}

function formatProblem({ message, file, line, column }: SourceProblem): string {
  return file === undefined ? message : `${file}:${line}:${column}: ${message}`
}

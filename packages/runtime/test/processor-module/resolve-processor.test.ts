import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { compileTypeScript } from '../../src/processor-module/compile-typescript.js'
import { keepCompiled } from '../../src/processor-module/compiled-files.js'
import { type ResolvedProcessor, resolveProcessor } from '../../src/processor-module/resolve-processor.js'
import { folderOf, processInThread } from './fixture.js'

const run = ({ url, source }: ResolvedProcessor, input?: unknown) => processInThread(url, source, input)

describe('finding', () => {
  const plain = 'export default { process() {} }'

  test.each(['a.js', 'a.mjs', 'a.cjs'])('%s is loaded as it is', async (name) => {
    const folder = folderOf({ [name]: plain })
    const source = join(folder, name)
    expect(await resolveProcessor(name, { cwd: folder })).toEqual({
      url: pathToFileURL(source).href,
      source,
      compiled: false,
      watch: expect.any(Function),
      warnings: [],
    })
  })

  test('the files to watch are named: the entry, and what is imported or required by relative paths', async () => {
    const cwd = folderOf({
      'app/p.mjs': `import { a } from './lib/a.mjs'\nimport fs from 'node:fs'\nimport '../shared/s.js'\nimport './no.mjs'`,
      'app/lib/a.mjs': `export { p } from '../p.mjs'\nexport const a = () => import("../lib/lazy.mjs")`,
      'app/lib/lazy.mjs': `import data from './data.json' with { type: 'json' }`,
      'app/lib/data.json': '{}',
      'shared/s.js': `const t = require('./t')\nmodule.exports = require( './folder' )`,
      'shared/t.js': '',
      'shared/folder/index.js': '',
    })
    const { watch } = await resolveProcessor('app/p.mjs', { cwd })
    const names = [
      'app/p.mjs',
      'app/lib/a.mjs',
      'shared/s.js',
      'app/lib/lazy.mjs',
      'shared/t.js',
      'shared/folder/index.js',
    ]
    expect(await watch()).toEqual(names.map((name) => join(cwd, name)))
  })

  test('a URL, a file: string, an absolute and a relative path name the same file', async () => {
    const folder = folderOf({ 'sub/my processor #1.js': plain })
    const source = join(folder, 'sub/my processor #1.js')
    for (const given of [pathToFileURL(source), pathToFileURL(source).href, source, './sub/my processor #1.js']) {
      expect((await resolveProcessor(given, { cwd: folder })).source).toBe(source)
    }
  })

  test.each([
    ['a.js', 'a.ts'],
    ['a.mjs', 'a.mts'],
    ['a.cjs', 'a.cts'],
    ['a.ts', 'a.js'],
    ['a.mts', 'a.mjs'],
    ['a.cts', 'a.cjs'],
  ])('where %s is missing, %s beside it is taken', async (given, there) => {
    const folder = folderOf({ 'package.json': '{}', [there]: plain })
    const resolved = await resolveProcessor(given, { cwd: folder })
    expect(resolved.source).toBe(join(folder, there))
    expect(resolved.compiled).toBe(there.endsWith('ts'))
  })

  test('a file that is there wins over its twin', async () => {
    const folder = folderOf({ 'a.js': plain, 'a.ts': plain })
    expect((await resolveProcessor('a.js', { cwd: folder })).source).toBe(join(folder, 'a.js'))
  })

  test('a link is resolved, so that packages are found beside the real file as Node does', async () => {
    const folder = folderOf({ 'real/a.js': plain })
    symlinkSync(join(folder, 'real/a.js'), join(folder, 'link.js'))
    expect((await resolveProcessor('link.js', { cwd: folder })).source).toBe(join(folder, 'real/a.js'))
  })

  test('what cannot be a processor says why and what to do', async () => {
    const cwd = folderOf({ 'sub/x.js': plain, 'folder.js/x.js': plain, 'b.ts': plain, 'c.json': '{}' })
    const failures: [URL | string, string][] = [
      ['missing.js', 'no .ts file beside it'],
      ['sub', 'it is a folder'],
      ['folder.js', 'it is a folder'],
      ['b', 'there is one with the extension .ts'],
      ['c.json', '".json" is not .js'],
      ['https://example.com/a.js', 'only file: URLs'],
      [new URL('data:text/javascript,1'), 'only file: URLs'],
    ]
    for (const [given, why] of failures) {
      await expect(resolveProcessor(given, { cwd })).rejects.toMatchObject({
        code: 'ZK_PROCESSOR_NOT_FOUND',
        message: expect.stringContaining(why),
      })
    }
  })
})

describe('TypeScript', () => {
  test('is compiled into the cache of its package, from where package imports still resolve', async () => {
    const folder = folderOf({
      'package.json': '{"type":"module"}',
      'node_modules/esm-only/package.json': '{"type":"module","exports":{"import":"./index.js"}}',
      'node_modules/esm-only/index.js': 'export const name: string = 1'.replace(': string', ''),
      'src/p.ts': `import { name } from 'esm-only'\nexport default { process(m: unknown) { return [name, m] } }`,
    })
    const resolved = await resolveProcessor('./src/p.js', { cwd: folder })
    expect(dirname(fileURLToPath(resolved.url))).toBe(join(folder, 'node_modules/.cache/zk'))
    expect(resolved).toMatchObject({ compiled: true, source: join(folder, 'src/p.ts'), warnings: [] })
    expect(await run(resolved, 'in')).toEqual({ value: [1, 'in'] })
  })

  test.each([
    ['a .ts of a module package', 'module', 'p.ts', 'export default { process: () => 1 }'],
    ['a .ts with export in a package without type', undefined, 'p.ts', 'export default { process: () => 1 }'],
    ['a .ts with export in a commonjs package', 'commonjs', 'p.ts', 'export default { process: () => 1 }'],
    ['a .ts without import or export', undefined, 'p.ts', 'module.exports = { process: () => 1 }'],
    ['export =', 'commonjs', 'p.ts', 'const p = { process: () => 1 }; export = p'],
    ['import = require', 'commonjs', 'p.ts', 'import os = require("node:os"); export = { process: () => os && 1 }'],
    ['an .mts in a commonjs package', 'commonjs', 'p.mts', 'export default { process: () => 1 }'],
    ['a .cts in a module package', 'module', 'p.cts', 'module.exports = { process: () => 1 }'],
    [
      'transpiled exports.default',
      undefined,
      'p.cts',
      'exports.__esModule = true; exports.default = { process: () => 1 }',
    ],
    [
      'top-level await',
      'module',
      'p.ts',
      'const one = await Promise.resolve(1); export default { process: () => one }',
    ],
  ])('%s is a processor', async (_name, type, file, text) => {
    const cwd = folderOf({ 'package.json': JSON.stringify({ type }), [file]: text })
    expect(await run(await resolveProcessor(file, { cwd }))).toEqual({ value: 1 })
  })

  test('what only a compiler understands works: enums, parameter properties, decorators as tsconfig has them', async () => {
    const cwd = folderOf({
      'package.json': '{}',
      'tsconfig.json': '{"compilerOptions":{"experimentalDecorators":true}}',
      'p.ts': `
        import { Level } from './level'
        function mark(target: object, name: string) { (target as any).marked = name }
        class Handler {
          constructor(private readonly level: Level, readonly more = Level[1]) {}
          @mark process() { return [this.level, this.more, (this as any).marked] }
        }
        export default new Handler(Level.High)`,
      'level.ts': `export enum Level { Low = 1, High = 2 }`,
    })
    expect(await run(await resolveProcessor('p.ts', { cwd }))).toEqual({ value: [2, 'Low', 'process'] })
  })

  test('import.meta, __dirname and __filename are those of each original file', async () => {
    const cwd = folderOf({
      'package.json': '{"type":"module"}',
      'node_modules/dep/package.json': '{"exports":{"import":"./index.js"}}',
      'node_modules/dep/index.js': '',
      'p.ts': `#!/usr/bin/env zk
        import { readFileSync } from 'node:fs'
        import { inner } from './sub/inner.js'
        import old from './sub/old.cjs'
        const { url } = import.meta
        export default { process: () => ({
          outer: [import.meta.url, import.meta.dirname, import.meta.filename, __dirname, __filename, url],
          inner, old,
          text: readFileSync(new URL('./data.txt', import.meta.url), 'utf8'),
          resolved: [import.meta.resolve('./sub/x.js'), import.meta.resolve('dep')],
        }) }`,
      'sub/inner.ts': `export const inner = [import.meta.url, __dirname, __filename]`,
      'sub/old.cts': `"use strict"; module.exports = [__dirname, __filename, (function () { return this === undefined })()]`,
      'data.txt': 'data',
    })
    const at = (path: string) => join(cwd, path)
    const url = (path: string) => pathToFileURL(at(path)).href
    expect(await run(await resolveProcessor('p.ts', { cwd }))).toEqual({
      value: {
        outer: [url('p.ts'), cwd, at('p.ts'), cwd, at('p.ts'), url('p.ts')],
        inner: [url('sub/inner.ts'), at('sub'), at('sub/inner.ts')],
        old: [at('sub'), at('sub/old.cts'), true],
        text: 'data',
        resolved: [url('sub/x.js'), url('node_modules/dep/index.js')],
      },
    })
  })

  test('dynamic imports by a relative path, a pattern of paths and a URL work', async () => {
    const cwd = folderOf({
      'package.json': '{"type":"module"}',
      'p.ts': `export default { async process(name: string) {
        const fixed = await import('./handlers/a.js')
        const pattern = await import(\`./handlers/\${name}.ts\`)
        const url = await import(new URL('./plain.mjs', import.meta.url).href)
        return [fixed.name, pattern.name, url.name]
      } }`,
      'handlers/a.ts': 'export const name: string = "a"',
      'handlers/b.ts': 'export const name: string = "b"',
      'plain.mjs': 'export const name = "plain"',
    })
    expect(await run(await resolveProcessor('p.ts', { cwd }), 'b')).toEqual({ value: ['a', 'b', 'plain'] })
  })

  test('require works in both kinds of module, also beside a require of the user', async () => {
    const cwd = folderOf({
      'package.json': '{}',
      'node_modules/dep/index.js': 'exports.dep = 1',
      'one.cts': `const { dep } = require('dep'); module.exports = { process: () => [dep, require('./two.cjs')] }`,
      'two.cts': `module.exports = 'two'`,
      'three.ts': `
        import { createRequire } from 'node:module'
        import two from './four.cjs'
        const require = createRequire(import.meta.url)
        export default { process: () => [require('dep').dep, two] }`,
      'four.cts': `module.exports = require('node:os').EOL`,
      'five.ts': `
        import { createRequire } from 'node:module'
        const require = createRequire(import.meta.url)
        export default { process: () => require('dep').dep }`,
    })
    expect(await run(await resolveProcessor('one.cts', { cwd }))).toEqual({ value: [1, 'two'] })
    expect(await run(await resolveProcessor('three.ts', { cwd }))).toEqual({ value: [1, '\n'] })
    expect(await run(await resolveProcessor('five.ts', { cwd }))).toEqual({ value: 1 })
  })

  test('an error thrown by the handler names file.ts:line, in the entry and in what it imports', async () => {
    const cwd = folderOf({
      'package.json': '{"type":"module"}',
      'p.ts': `import { deep } from './lib/deep.js'

interface Gone { from: string }

export default {
  process(message: string) {
    const here: string = import.meta.url
    if (message === 'deep') deep(here)
    throw new Error('outer')
  },
}
`,
      'lib/deep.ts': `type AlsoGone = { a: 1 }\n\nexport function deep(_: string): never {\n  throw new Error('inner')\n}\n`,
    })
    const resolved = await resolveProcessor('p.ts', { cwd })
    expect((await run(resolved, 'outer')).error?.stack).toContain(`${join(cwd, 'p.ts')}:9:`)
    expect((await run(resolved, 'deep')).error?.stack).toContain(`${join(cwd, 'lib/deep.ts')}:4:`)
  })

  test('the source map shows the sources as they were written', async () => {
    const text = `export const here = import.meta.url\nexport default { process() {} }\n`
    const cwd = folderOf({ 'package.json': '{}', 'p.ts': text })
    const { code } = await compileTypeScript(join(cwd, 'p.ts'))
    const encoded = /sourceMappingURL=data:application\/json;base64,(.*)\n$/.exec(code)?.[1] ?? ''
    const map = JSON.parse(Buffer.from(encoded, 'base64').toString())
    expect(map).toMatchObject({ sources: [pathToFileURL(join(cwd, 'p.ts')).href], sourcesContent: [text] })
  })

  test('all files to watch are named, the entry first, packages not', async () => {
    const cwd = folderOf({
      'package.json': '{}',
      'node_modules/dep/index.js': '',
      'z.ts': `import 'dep'; import './a.js'; import data from './d.json'; export default { process: () => data }`,
      'a.ts': `export {}`,
      'd.json': '{}',
    })
    const { watch } = await resolveProcessor('z.ts', { cwd })
    const files = await watch()
    expect(files[0]).toBe(join(cwd, 'z.ts'))
    expect([...files].sort()).toEqual(['a.ts', 'd.json', 'z.ts'].map((name) => join(cwd, name)))
  })

  test('a compile error names file:line:column, in the entry and in what it imports', async () => {
    const cwd = folderOf({
      'package.json': '{}',
      'p.ts': `import './lib.js'\nimport './nothing.js'\nexport default {}\n`,
      'lib.ts': `export const a = 1\nexport const b: = 2\n`,
    })
    await expect(resolveProcessor('p.ts', { cwd })).rejects.toMatchObject({
      code: 'ZK_TYPESCRIPT_FAILED',
      message: expect.stringContaining('p.ts:2:8: Could not resolve "./nothing.js"'),
      details: {
        problems: expect.arrayContaining([expect.objectContaining({ file: join(cwd, 'lib.ts'), line: 2, column: 17 })]),
      },
    })
  })

  test('a pattern of imports that matches nothing is a warning with its place', async () => {
    const cwd = folderOf({
      'package.json': '{}',
      'handlers/a.ts': '',
      'p.ts': `export default { process: (n: string) => import('./handlers/' + n + '.js') }`,
    })
    const { warnings } = await resolveProcessor('p.ts', { cwd })
    expect(warnings).toEqual([expect.stringMatching(/p\.ts:1:\d+: The glob pattern .* did not match any files/)])
  })

  test('without esbuild the error says what to install', async () => {
    const cwd = folderOf({ 'p.ts': '' })
    const missing = Object.assign(new Error("Cannot find package 'esbuild'"), { code: 'ERR_MODULE_NOT_FOUND' })
    const absent = () => Promise.reject(missing)
    const otherPlatform = async () => ({
      build: () => Promise.reject(new Error('You installed esbuild for another platform')),
    })
    for (const load of [absent, otherPlatform]) {
      await expect(compileTypeScript(join(cwd, 'p.ts'), load)).rejects.toMatchObject({
        code: 'ZK_TYPESCRIPT_UNAVAILABLE',
        message: expect.stringContaining('Install esbuild'),
        cause: expect.any(Error),
      })
    }
  })
})

describe('compiled files', () => {
  const files = { 'package.json': '{}', 'p.ts': 'export default { process: () => 1 }' }

  test('the same source gives the same file, from any working directory; a change gives another', async () => {
    const cwd = folderOf(files)
    const first = await resolveProcessor('p.ts', { cwd })
    const again = await resolveProcessor(join(cwd, 'p.ts'), { cwd: '/' })
    expect(again.url).toBe(first.url)
    expect(readFileSync(new URL(first.url), 'utf8')).toMatch(/;\/\/ p\.ts$/m)
    writeFileSync(join(cwd, 'p.ts'), 'export default { process: () => 2 }')
    const changed = await resolveProcessor('p.ts', { cwd })
    expect(changed.url).not.toBe(first.url)
    expect(await run(first)).toEqual({ value: 1 })
    expect(await run(changed)).toEqual({ value: 2 })
  })

  test('without a package, the file lies hidden beside the source', async () => {
    const folder = folderOf({ 'p.ts': '' })
    const path = await keepCompiled(join(folder, 'p.ts'), 'code')
    expect(path).toMatch(/\/\.p\.ts\.zk-[0-9a-f]{16}\.mjs$/)
    expect(dirname(path)).toBe(folder)
    expect(readdirSync(folder).sort()).toEqual([path.slice(folder.length + 1), 'p.ts'])
  })

  test('a cache that cannot be written gives way to the folder of the source', async () => {
    // A file where the folder should be fails for every user; permissions do not stop root.
    const folder = folderOf({ ...files, node_modules: 'in the way' })
    expect(dirname(await keepCompiled(join(folder, 'p.ts'), 'code'))).toBe(folder)
  })

  test('when nothing can be written the error names both folders', async () => {
    const folder = folderOf({ ...files, node_modules: 'in the way' })
    const source = join(folder, 'missing', 'p.ts')
    writeFileSync(join(folder, 'missing'), 'in the way too')
    await expect(keepCompiled(source, 'code')).rejects.toMatchObject({
      code: 'ZK_TYPESCRIPT_NOT_WRITABLE',
      details: { folders: [join(folder, 'node_modules/.cache/zk'), join(folder, 'missing')] },
    })
  })

  test('a given cache folder is used', async () => {
    const cwd = folderOf(files)
    const { url } = await resolveProcessor('p.ts', { cwd, cacheDir: join(cwd, 'mine') })
    expect(dirname(fileURLToPath(url))).toBe(join(cwd, 'mine'))
  })

  test('files not used for a month are pruned; used ones and those of others are kept', async () => {
    const folder = folderOf(files)
    const source = join(folder, 'p.ts')
    const old = await keepCompiled(source, 'old')
    const used = await keepCompiled(source, 'used')
    const foreign = join(dirname(old), 'not-ours.mjs')
    writeFileSync(foreign, '')
    const longAgo = new Date(Date.now() - 31 * 24 * 60 * 60 * 1000)
    for (const path of [old, used, foreign]) utimesSync(path, longAgo, longAgo)
    expect(await keepCompiled(source, 'used')).toBe(used)
    expect([old, used, foreign].map((path) => existsSync(path))).toEqual([false, true, true])
  })

  test('a file that is there is not written again: it may be in use, or its folder read-only', async () => {
    const folder = folderOf(files)
    const path = await keepCompiled(join(folder, 'p.ts'), 'code')
    const { ino } = statSync(path)
    expect(statSync(await keepCompiled(join(folder, 'p.ts'), 'code')).ino).toBe(ino)
  })

  test('nobody ever sees half a file', async () => {
    const folder = folderOf(files)
    const code = 'x'.repeat(50_000_000)
    let written: string | undefined
    const sizes = new Set<number>()
    const writing = keepCompiled(join(folder, 'p.ts'), code, join(folder, 'cache')).then((path) => {
      written = path
    })
    while (written === undefined) {
      const names = existsSync(join(folder, 'cache')) ? readdirSync(join(folder, 'cache')) : []
      for (const name of names.filter((one) => one.endsWith('.mjs')))
        sizes.add(statSync(join(folder, 'cache', name)).size)
      await new Promise(setImmediate)
    }
    await writing
    expect([...sizes].filter((size) => size !== code.length)).toEqual([])
  })

  test('two processes that compile at once leave one whole file', async () => {
    const folder = folderOf(files)
    const code = 'x'.repeat(5_000_000)
    const paths = await Promise.all(Array.from({ length: 8 }, () => keepCompiled(join(folder, 'p.ts'), code)))
    expect(new Set(paths).size).toBe(1)
    expect(readdirSync(dirname(paths[0] ?? ''))).toHaveLength(1)
    expect(readFileSync(paths[0] ?? '', 'utf8')).toBe(code)
  })
})

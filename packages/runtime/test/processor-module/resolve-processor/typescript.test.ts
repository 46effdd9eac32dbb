import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { resolveProcessor } from '../../../src/processor-module/resolve-processor.js'
import { folderOf, run } from '../fixture.js'

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
})

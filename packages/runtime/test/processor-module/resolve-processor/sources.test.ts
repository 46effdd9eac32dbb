/** What is said of a compiled processor is said of its sources: places, files to watch, errors and warnings. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { compileTypeScript } from '../../../src/processor-module/compile-typescript.js'
import { resolveProcessor } from '../../../src/processor-module/resolve-processor.js'
import { folderOf, run } from '../fixture.js'

describe('TypeScript', () => {
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

/** Which file a processor’s path names. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { resolveProcessor } from '../../../src/processor-module/resolve-processor.js'
import { folderOf } from '../fixture.js'

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

/** Where the file of a compiled processor is kept, for whom, and for how long. */
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { keepCompiled } from '../../src/processor-module/compiled-files.js'
import { resolveProcessor } from '../../src/processor-module/resolve-processor.js'
import { folderOf, run } from './fixture.js'

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

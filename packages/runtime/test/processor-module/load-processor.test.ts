import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { processorOf } from '../../src/processor-module/load-processor.js'
import { folderOf, processInThread } from './fixture.js'

async function load(files: Record<string, string>, name: string) {
  const source = join(folderOf(files), name)
  return { source, ...(await processInThread(pathToFileURL(source).href, source, 'in')) }
}

describe('a module in a thread', () => {
  test.each([
    ['an object as default export', 'p.mjs', 'export default { process: (m) => m }'],
    ['an instance of a class', 'p.mjs', 'class P { process(m) { return m } }; export default new P()'],
    ['module.exports', 'p.cjs', 'module.exports = { process: (m) => m }'],
    ['exports.process', 'p.cjs', 'exports.process = (m) => m'],
    [
      'a transpiled default export',
      'p.cjs',
      'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = { process: (m) => m }',
    ],
  ])('%s is a processor', async (_what, name, text) => {
    expect(await load({ [name]: text }, name)).toMatchObject({ value: 'in' })
  })

  test.each([
    ['a syntax error', 'p.mjs', 'const a = 1\nconst b = = 2\n', ':2'],
    ['a syntax error in CommonJS', 'p.cjs', 'const a = 1\n\nconst b = = 2\n', ':3'],
    ['a throw at import', 'p.mjs', '\n\nthrow new Error("no config")\nexport default {}', ':3'],
  ])('%s names the file and the line', async (_what, name, text, line) => {
    const { error, source } = await load({ [name]: text }, name)
    expect(error).toMatchObject({ code: 'ZK_PROCESSOR_LOAD_FAILED', causeMessage: expect.any(String) })
    expect(error?.message).toContain(`(at ${source}${line})`)
    expect(error?.message).toContain(error?.causeMessage)
  })

  test('a syntax error in a file that the processor imports names that file, however deep', async () => {
    const files = {
      'package.json': '{"type":"module"}',
      'p.js': 'import { a } from "./lib/a.js"; export default { process: a }',
      'lib/a.js': 'import fs from "node:fs"\nexport * from "../b.js"\nexport const a = fs',
      'b.js': '\n\nexport const b: string = 1\n',
    }
    const { error, source } = await load(files, 'p.js')
    expect(error?.message).toContain(`(at ${source.replace('p.js', 'b.js')}:3)`)
  })

  test('an error in a file that the processor imports names that file', async () => {
    const { error, source } = await load(
      { 'p.mjs': 'import "./lib.mjs"; export default { process() {} }', 'lib.mjs': '\nnull.x\n' },
      'p.mjs',
    )
    expect(error?.message).toContain(`(at ${source.replace('p.mjs', 'lib.mjs')}:2)`)
  })

  test('an import that cannot be resolved says so, in terms of the source', async () => {
    const folder = folderOf({ 'compiled.mjs': 'import "no-such-package"; export default { process() {} }' })
    const { error } = await processInThread(pathToFileURL(join(folder, 'compiled.mjs')).href, '/app/processor.ts')
    expect(error?.code).toBe('ZK_PROCESSOR_LOAD_FAILED')
    expect(error?.message).toContain("Cannot find package 'no-such-package' imported from /app/processor.ts")
  })

  test('a thrown value that is no error is reported', async () => {
    expect((await load({ 'p.mjs': 'throw "nope"' }, 'p.mjs')).error?.message).toContain('it threw nope')
  })
})

describe('what is not a processor is said', () => {
  const nothing = () => {}
  test.each<[string, Record<string, unknown>]>([
    ['it has no default export.', {}],
    ['it has no default export, only handler', { handler: nothing }],
    ['it exports process by name, and has no default export', { process: nothing }],
    ['its default export is a function', { default: nothing }],
    ['its default export is a class and not an instance of it', { default: class {} }],
    ['its default export is null', { default: null }],
    ['its default export is a string', { default: 'x' }],
    ['its default export is a promise', { default: Promise.resolve() }],
    ['its default export has no process function, only handle', { default: { handle: nothing } }],
    ['its process is an object and not a function', { default: { process: {} } }],
    ['its processBatch is an array and not a function', { default: { processBatch: [] } }],
    ['it exports processBatch by name, and has no default export', { processBatch: nothing }],
    [
      'it has both process and processBatch, of which it may have one',
      { default: { process: nothing, processBatch: nothing } },
    ],
    ['its setup is a string and not a function', { default: { process: nothing, setup: 'x' } }],
    ['its retryable is a boolean and not a function', { default: { process: nothing, retryable: true } }],
    ['its format is a function and not a format (call it: json())', { default: { process: nothing, format: nothing } }],
    ['its format is a string and not a format', { default: { process: nothing, format: 'json' } }],
  ])('%s', (found, namespace) => {
    expect(() => processorOf(namespace, '/app/p.js')).toThrow(
      expect.objectContaining({
        code: 'ZK_PROCESSOR_INVALID',
        message: expect.stringContaining(`/app/p.js is not a processor: ${found}`),
      }),
    )
  })
})

test('what a thread loads for a processor is light: no consumer, thread pool, logger or schema library', async () => {
  const entries = ['processor.ts', 'processor-module/load-processor.ts', 'describe-error.ts']
  const { metafile } = await build({
    entryPoints: entries.map((name) => new URL(`../../src/${name}`, import.meta.url).pathname),
    outdir: '/out',
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
  })
  const imports = Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter((one) => one.external))
  const packages = imports.map(({ path }) => path).filter((path) => !isBuiltin(path))
  expect(new Set(packages)).toEqual(new Set(['@zk/formats', '@zk/formats/internal']))
})

import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addon } from '../src/binding.js'
import { compiledFor } from '../src/index.js'

const root = join(import.meta.dirname, '..')
const require = createRequire(import.meta.url)

test('says which versions it was compiled for, and they are the ones in use', () => {
  const { version, librdkafka } = JSON.parse(readFileSync(require.resolve('node-rdkafka/package.json'), 'utf8'))
  expect(compiledFor).toEqual({ nodeRdkafka: version.replace('v', ''), librdkafka })
  expect(require('node-rdkafka').librdkafkaVersion).toBe(librdkafka)
})

test('a missing build is an error with the command that helps', () => {
  const program = `import('@zk/native').catch((e) => console.log(JSON.stringify([e.code, e.message])))`
  const { stdout } = spawnSync(process.execPath, ['-e', program], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ZK_NATIVE_ADDON: join(root, 'build', 'nothing-here.node') },
  })
  const [code, message] = JSON.parse(stdout)
  expect(code).toBe('ZK_NATIVE_NOT_BUILT')
  expect(message).toContain('pnpm rebuild @zk/native')
  expect(message).toContain('npm rebuild @zk/native')
})

test('a worker thread is refused with a reason', () => {
  const program = `new (require('node:worker_threads').Worker)(
    "import('@zk/native').catch((e) => console.log(e.code))", { eval: true })`
  const { stdout } = spawnSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8' })
  expect(stdout.trim()).toBe('ZK_NATIVE_MAIN_THREAD')
})

test('a library that is not loaded, or is not librdkafka, is refused', () => {
  const folder = join(require.resolve('node-rdkafka/package.json'), '..', 'build', 'deps')
  expect(addon.load(join(folder, 'no-such-library.so'))).toMatch(/is not loaded/)
  const own = createRequire(join(root, 'src', 'binding.ts')).resolve('../build/Release/zk_native.node')
  expect(addon.load(own)).toMatch(/has no function rd_kafka_version/)
  // And the good one stays in use.
  expect(addon.errorText(-185)).toMatch(/timed out/i)
})

test('the addon is linked against neither librdkafka nor node-rdkafka', () => {
  const symbols = execFileSync('nm', ['-D', '--undefined-only', join(root, 'build', 'Release', 'zk_native.node')], {
    encoding: 'utf8',
  })
  expect(symbols).toContain('uv_async_send')
  expect(symbols).not.toMatch(/rd_kafka|RdKafka|NodeKafka/)
})

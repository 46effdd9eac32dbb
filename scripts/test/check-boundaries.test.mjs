import { describe, expect, test } from 'vitest'
import { violationsIn } from '../check-boundaries.mjs'

/** @param {string} path @param {string} text */
const check = (path, text) => violationsIn([{ path, text }])

describe('the engine', () => {
  test.each([
    ["import { hrtime } from 'node:process'", 'not even node:process'],
    ["import type { Readable } from 'node:stream'", 'not even node:stream'],
    ["import pino from 'pino'", 'not even pino'],
    ["export { json } from '@zk/formats'", 'not even @zk/formats'],
    ["const a = await import('node:fs')", 'not even node:fs'],
    ["const a = require('fs')", 'not even fs'],
    ['setTimeout(() => {}, 1)', 'setTimeout'],
    ['const now = Date.now()', 'Date'],
    ['const now = performance.now()', 'performance'],
    ['const r = Math.random()', 'Math.random'],
    ['if (process.env.DEBUG) log()', 'process'],
    ['crypto.randomUUID()', 'crypto'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code in a template literal is what is tested
    ['const name = `${Date.now()}`', 'Date'],
  ])('must not contain: %s', (text, what) => {
    expect(check('packages/engine/src/a.ts', text).join()).toContain(what)
  })

  test.each([
    "import { a } from './b.js'",
    '// not Date.now, not setTimeout\nconst processed = counters.process + this.#process',
    "const text = 'setTimeout of https://example.org'",
    '/** time comes in: no performance.now() */ export const tick = (now: number) => now',
  ])('may contain: %s', (text) => {
    expect(check('packages/engine/src/a.ts', text)).toEqual([])
  })

  test('is tested with what tests need', () => {
    expect(check('packages/engine/test/a.test.ts', "import { readFileSync } from 'node:fs'\nDate.now()")).toEqual([])
  })
})

describe('packages', () => {
  test.each([
    ['packages/formats/src/a.ts', '@zk/runtime'],
    ['packages/native/src/a.ts', '@zk/runtime'],
    ['packages/native/src/a.ts', '@zk/formats'],
    ['packages/runtime/src/a.ts', '@zk/testing'],
    ['packages/runtime/bin/zk.js', '@zk/testing'],
  ])('%s must not import %s', (path, upward) => {
    const lines = [`import { a } from '${upward}'`, `import type { A } from '${upward}/deep'`, `import '${upward}'`]
    for (const line of lines) expect(check(path, line), line).toHaveLength(1)
  })

  test.each([
    ['packages/runtime/src/a.ts', '@zk/engine'],
    ['packages/runtime/src/a.ts', '@zk/runtime/processor'],
    ['packages/testing/src/a.ts', '@zk/runtime/embedded-broker'],
    ['packages/runtime/test/a.test.ts', '@zk/testing'],
    ['apps/examples/orders/main.ts', '@zk/testing'],
  ])('%s may import %s', (path, downward) => {
    expect(check(path, `import { a } from '${downward}'`)).toEqual([])
  })

  test('do not reach into each other by relative path, tests and benchmarks neither', () => {
    for (const [path, specifier] of [
      ['packages/runtime/src/a.ts', '../../engine/src/index.js'],
      ['packages/runtime/test/deep/a.test.ts', '../../../testing/src/index.js'],
      ['benchmarks/src/a.ts', '../../packages/engine/src/index.js'],
    ]) {
      expect(check(path, `import {\n  a,\n  b,\n} from '${specifier}'`), path).toHaveLength(1)
    }
    expect(check('packages/runtime/test/deep/a.test.ts', "import { a } from '../../src/index.js'")).toEqual([])
  })

  test('do not declare an upward dependency; for development they may', () => {
    const path = 'packages/runtime/package.json'
    const upward = { '@zk/testing': 'workspace:^' }
    for (const field of ['dependencies', 'optionalDependencies', 'peerDependencies']) {
      expect(check(path, JSON.stringify({ [field]: upward })), field).toHaveLength(1)
    }
    expect(check(path, JSON.stringify({ devDependencies: upward, dependencies: { '@zk/engine': '*' } }))).toEqual([])
  })
})

describe('the checker of the simulation', () => {
  const path = 'packages/simulation/src/checker/a.ts'

  test.each([
    "import { WorkEngine } from '@zk/engine'",
    "import { Outcome, type Effects } from '@zk/engine'",
    "import { play } from '../schedule.js'",
    "import type { World } from '../world/world.js'",
    "import { readFileSync } from 'node:fs'",
  ])('must not contain: %s', (text) => {
    expect(check(path, text).join()).toContain('must not import')
  })

  test.each(["import type { Effects } from '@zk/engine'", "import { Violation } from './violation.js'"])(
    'may contain: %s',
    (text) => {
      expect(check(path, text)).toEqual([])
    },
  )

  test('and the rest of it use the engine, and no time or chance', () => {
    expect(check('packages/simulation/src/world/a.ts', "import { WorkEngine } from '@zk/engine'")).toEqual([])
    expect(check('packages/simulation/src/world/a.ts', "import { Work } from '@zk/runtime'")).toHaveLength(1)
    expect(check('packages/simulation/src/world/a.ts', 'const now = Date.now()').join()).toContain('Date')
    expect(check('packages/simulation/src/cli.ts', 'const now = performance.now()')).toEqual([])
  })
})

describe('node-rdkafka', () => {
  test.each(['packages/runtime/src/work/a.ts', 'packages/testing/src/a.ts', 'packages/formats/src/a.ts'])(
    'is not imported by %s',
    (path) => {
      expect(check(path, "import type { Message } from 'node-rdkafka'")).toHaveLength(1)
      expect(check(path, "const { version } = require('node-rdkafka/package.json')")).toHaveLength(1)
    },
  )

  test.each(['packages/runtime/src/kafka/a.ts', 'packages/native/src/a.ts', 'packages/runtime/test/a.test.ts'])(
    'may be imported by %s',
    (path) => {
      expect(check(path, "import { KafkaConsumer } from 'node-rdkafka'")).toEqual([])
    },
  )

  test('is not reached from what worker threads load, however far away', () => {
    const files = [
      { path: 'packages/runtime/src/threads/thread-main.ts', text: "import { a } from '../a.js'" },
      { path: 'packages/runtime/src/a.ts', text: "import type { C } from './kafka/c.js'\nexport { b } from './b.js'" },
      { path: 'packages/runtime/src/b.ts', text: '' },
      { path: 'packages/runtime/src/kafka/c.ts', text: "import 'node-rdkafka'" },
    ]
    expect(violationsIn(files)).toEqual([])
    files[2] = { path: 'packages/runtime/src/b.ts', text: "import { c } from './kafka/c.js'" }
    expect(violationsIn(files)).toEqual([
      'packages/runtime/src/threads/thread-main.ts: reaches node-rdkafka through packages/runtime/src/kafka/c.ts, and is loaded by worker threads',
    ])
  })
})

test('a worker thread loads what it needs of the engine, and not all of it', () => {
  const reaching = (/** @type {string} */ text) =>
    violationsIn([
      { path: 'packages/runtime/src/threads/thread-main.ts', text: "import { a } from './a.js'" },
      { path: 'packages/runtime/src/threads/a.ts', text },
    ])
  expect(reaching("import type { B } from '@zk/engine'\nimport { b } from '@zk/engine/in-thread'")).toEqual([])
  expect(reaching("import { b } from '@zk/engine'")).toEqual([
    'packages/runtime/src/threads/thread-main.ts: reaches all of @zk/engine through packages/runtime/src/threads/a.ts; use @zk/engine/in-thread',
  ])
})

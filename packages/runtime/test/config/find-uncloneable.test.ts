import { describe, expect, test } from 'vitest'
import { findUncloneable } from '../../src/config/find-uncloneable.js'

class Pool {
  readonly #connections = 3
  get size() {
    return this.#connections
  }
}
class Session {
  readonly #token = 'secret'
  user = 'a'
  get token() {
    return this.#token
  }
}
/** Nothing of it is hidden. */
class Colours {
  accent = '#ffd; #eee'
  #shade() {
    return '#000'
  }
  get dark() {
    return this.#shade()
  }
}
class Settings {
  region = 'eu'
}
class Counted {
  static #instances = 0
  style = 'color: #fff;' // as in #issue
  constructor() {
    Counted.#instances += 1
  }
}

const circular: { self?: unknown } = {}
circular.self = circular

function nested(levels: number): object {
  let value = {}
  for (let i = 0; i < levels; i++) value = { value }
  return value
}

describe('what cannot be copied to a thread is found', () => {
  test.each<[string, unknown, string, string]>([
    ['a function', { db: { connect() {} } }, 'options.db.connect', 'a function'],
    ['the value itself', () => 1, 'options', 'a function'],
    ['in an array', { list: [1, { f: () => 1 }] }, 'options.list[1].f', 'a function'],
    ['under a name that is no identifier', { 'a-b': Symbol('s') }, 'options["a-b"]', 'a symbol'],
    ['in a Map', { map: new Map([['k', () => 1]]) }, 'options.map.k', 'a function'],
    ['in a Set', { set: new Set([() => 1]) }, 'options.set[0]', 'a function'],
    ['a promise', { p: Promise.resolve() }, 'options.p', 'an instance of Promise'],
    ['a WeakMap', { w: new WeakMap() }, 'options.w', 'an instance of WeakMap'],
    [
      'a class with private state',
      { pool: new Pool() },
      'options.pool',
      'an instance of Pool (its copy would be empty)',
    ],
    ['a URL', { u: new URL('http://x') }, 'options.u', expect.stringContaining('an instance of URL')],
    [
      'a class with private fields beside others',
      { list: [new Session()] },
      'options.list[0]',
      'an instance of Session (its copy would be without its private fields)',
    ],
    [
      'a URL with a field of its own',
      { u: Object.assign(new URL('http://x'), { name: 'home' }) },
      'options.u',
      expect.stringContaining('an instance of URL'),
    ],
    ['a proxy', { p: new Proxy({}, {}) }, 'options.p', 'a proxy'],
    ['endless depth', { deep: nested(20_000) }, 'options', 'nested more than 1000 levels deep'],
    [
      'a throwing getter',
      {
        a: {
          get b() {
            throw new Error('no')
          },
        },
      },
      'options.a.b',
      'a getter that throws',
    ],
    ['beside a circle', { circular, f: () => 1 }, 'options.f', 'a function'],
  ])('%s', (_what, value, path, kind) => {
    expect(findUncloneable(value, 'options')).toEqual({ path, kind })
  })
})

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['plain data', { a: [1, 'x', null, true, 1n], b: { c: undefined } }],
  ['circles', circular],
  [
    'dates, expressions, maps, sets, errors',
    [new Date(), /x/, new Map([[1, { a: 1 }]]), new Set(['a']), new Error('e')],
  ],
  ['bytes', { a: Buffer.from('x'), b: new Uint8Array(30_000_000), c: new ArrayBuffer(8), d: new SharedArrayBuffer(8) }],
  ['empty things', { a: {}, b: [], c: Object.create(null), d: new Map() }],
  ['an instance whose data is its own', new Settings()],
  ['an instance with private methods only', new Colours()],
  ['an instance of a class with a private static field', new Counted()],
  ['a thousand levels', nested(999)],
])('%s can be copied', (_what, value) => {
  expect(findUncloneable(value, 'options')).toBeUndefined()
})

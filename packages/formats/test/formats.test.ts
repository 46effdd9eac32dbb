import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { bytes, type Format, FormatError, json, string } from '../src/index.js'

function failure(run: () => unknown): FormatError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError)
    return error as FormatError
  }
  throw new Error('expected it to throw')
}

describe('string', () => {
  test('any text survives the way to bytes and back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(string.decode(string.encode(text))).toBe(text)
      }),
    )
  })

  test('a text that really contains U+FFFD is valid', () => {
    expect(string.decode(Buffer.from('a\ufffdb'))).toBe('a\ufffdb')
  })

  test('a byte order mark is a character of the text', () => {
    expect(string.decode(Buffer.from([0xef, 0xbb, 0xbf, 0x61]))).toBe('\ufeffa')
  })

  test('bytes that are not UTF-8 are an error, not question marks', () => {
    expect(failure(() => string.decode(Buffer.from([0x61, 0xff, 0x62])))).toMatchObject({
      code: 'ZK_DECODE_FAILED',
      retryable: false,
      details: { format: 'string' },
    })
  })

  test('a view into a larger buffer decodes its own bytes only', () => {
    const all = new TextEncoder().encode('xxhelloyy')
    expect(string.decode(all.subarray(2, 7))).toBe('hello')
  })

  test('a value that is not a string is refused', () => {
    expect(failure(() => string.encode(7 as unknown as string)).code).toBe('ZK_ENCODE_FAILED')
  })

  test.each(['\ud800', 'a\udc00b', '\udc00\ud800'])('a text that has no UTF-8 is refused: %j', (text) => {
    expect(failure(() => string.encode(text)).code).toBe('ZK_ENCODE_FAILED')
  })
})

describe('bytes', () => {
  test('gives a Buffer over the same memory', () => {
    const given = new Uint8Array([1, 2, 3]).subarray(1)
    const decoded = bytes.decode(given)
    expect(Buffer.isBuffer(decoded)).toBe(true)
    expect([...decoded]).toEqual([2, 3])
    expect(decoded.buffer).toBe(given.buffer)
    expect(bytes.encode(decoded)).toBe(decoded)
  })

  test.each([['abc'], [[1, 2]], [null], [undefined]])('%j is refused: it is no bytes', (value) => {
    expect(failure(() => bytes.encode(value as never)).code).toBe('ZK_ENCODE_FAILED')
  })
})

describe('json', () => {
  const Order = z.object({ id: z.string(), items: z.array(z.object({ price: z.number() })) })

  test('without a schema any JSON value survives', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(JSON.stringify(json().decode(json().encode(value)))).toBe(text)
      }),
    )
  })

  test('the schema types the value, and its transforms apply', () => {
    const format = json(z.object({ at: z.string().transform((text) => new Date(text)) }))
    expectTypeOf(format).toEqualTypeOf<Format<{ at: Date }>>()
    expect(format.decode(Buffer.from('{"at":"2026-01-02T00:00:00Z"}')).at).toEqual(new Date(Date.UTC(2026, 0, 2)))
  })

  test('a schema failure names the paths and keeps the error of zod as its cause', () => {
    const error = failure(() => json(Order).decode(Buffer.from('{"id":1,"items":[{"price":"x"}]}')))
    expect(error.code).toBe('ZK_DECODE_FAILED')
    expect(error.message).toContain('id: ')
    expect(error.message).toContain('items[0].price: ')
    expect(error.message).not.toContain('\n')
    expect(error.cause).toBeInstanceOf(z.ZodError)
  })

  test('a flood of issues is cut', () => {
    const items = Array.from({ length: 50 }, () => ({ price: 'x' }))
    const error = failure(() => json(Order).decode(Buffer.from(JSON.stringify({ id: 'a', items }))))
    expect(error.message).toContain('and 45 more')
  })

  test('text that is no JSON says so and keeps the cause', () => {
    const error = failure(() => json().decode(Buffer.from('{"a":')))
    expect(error.code).toBe('ZK_DECODE_FAILED')
    expect(error.cause).toBeInstanceOf(SyntaxError)
    expect(failure(() => json().decode(Buffer.alloc(0))).message).toContain('it is empty')
  })

  test('what JSON cannot say is refused: undefined, functions, cycles', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    for (const value of [undefined, () => 1, cycle, 1n]) {
      expect(failure(() => json().encode(value)).code).toBe('ZK_ENCODE_FAILED')
    }
  })

  test.each([[{}], [null], [{ safeParse: () => {} }], [z.object]])(
    'a schema that cannot parse is refused at once',
    (schema) => {
      expect(() => json(schema as never)).toThrow(/json\(schema\) expects something with a parse method/)
    },
  )

  test('a schema need not be of zod', () => {
    const even = { parse: (value: unknown) => (Number(value) % 2 === 0 ? Number(value) : fail()) }
    const fail = (): never => {
      throw new Error('odd')
    }
    expect(json(even).decode(Buffer.from('4'))).toBe(4)
    expect(failure(() => json(even).decode(Buffer.from('5'))).message).toContain('odd')
  })
})

/** What a module of this package loads: modules of its own folder, and packages. Types are not loaded. */
function loadedBy(entry: string): { modules: string[]; packages: string[] } {
  const source = new URL('../src/', import.meta.url)
  const modules = new Set<string>()
  const packages = new Set<string>()
  function visit(url: URL): void {
    const name = url.href.slice(source.href.length)
    if (modules.has(name)) return
    modules.add(name)
    const text = readFileSync(url, 'utf8').replace(/^(?:import|export) type [\s\S]*?from '[^']+'$/gm, '')
    for (const [, from = ''] of text.matchAll(/(?:from |import |import\()'([^']+)'/g)) {
      if (from.startsWith('.')) visit(new URL(from.replace(/\.js$/, '.ts'), url))
      else if (!from.startsWith('node:')) packages.add(from)
    }
  }
  visit(new URL(entry, source))
  return { modules: [...modules], packages: [...packages].sort() }
}

test.each([
  ['index.ts', []],
  ['registry.ts', []],
  ['avro.ts', ['avsc']],
  ['proto.ts', ['@bufbuild/protobuf', '@bufbuild/protobuf/wkt']],
])(
  "%s loads no package but its own: zod is only ever the user's, avsc and protobuf come where they are used",
  (entry, packages) => {
    expect(loadedBy(entry).packages).toEqual(packages)
  },
)

test('the entry of a processor that reads text or JSON loads nothing of registries, avro and protobuf', () => {
  expect(loadedBy('index.ts').modules.filter((name) => /registry|avro|proto/.test(name))).toEqual([])
})

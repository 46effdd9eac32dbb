import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  distinctKeys,
  firstRecords,
  generatedRecords,
  hottestKey,
  recordsOfFile,
} from '../../../src/cli/bench/sample.js'

function file(name: string, content: string | Buffer): string {
  const path = join(mkdtempSync(join(tmpdir(), 'zk-sample-')), name)
  onTestFinished(() => rmSync(dirname(path), { recursive: true }))
  writeFileSync(path, content)
  return path
}

test('a line is a record: texts as they are, other values as JSON, null as null, headers in order', () => {
  const lines = [
    '{"key":"k","value":{"a":1},"headers":{"h":"x","n":null,"twice":["1","2"]}}',
    '',
    '{"value":null}',
    '{"value":"AQI=","key":"/w==","encoding":"base64"}',
  ]
  expect(recordsOfFile(file('orders.jsonl', lines.join('\r\n')))).toEqual([
    {
      key: Buffer.from('k'),
      value: Buffer.from('{"a":1}'),
      headers: [
        ['h', Buffer.from('x')],
        ['n', null],
        ['twice', Buffer.from('1')],
        ['twice', Buffer.from('2')],
      ],
    },
    { key: null, value: null, headers: [] },
    { key: Buffer.from([255]), value: Buffer.from([1, 2]), headers: [] },
  ])
})

test('the byte order mark that some editors put first is no part of a line', () => {
  expect(recordsOfFile(file('orders.jsonl', '\ufeff{"value":"a"}'))).toMatchObject([{ value: Buffer.from('a') }])
})

test('the bytes of any other file are one value without a key', () => {
  const bytes = Buffer.from([0, 255, 10])
  expect(recordsOfFile(file('order.avro', bytes))).toEqual([{ key: null, value: bytes, headers: [] }])
})

test.each([
  ['{"value":1}\n{"secret":', 'Expected JSON in line 2.'],
  ['{"amount":1}', 'Expected an object with "value" in line 1'],
  ['[1]', 'Expected an object with "value" in line 1'],
  ['{"value":1,"ky":"a"}', 'Unknown field "ky" in line 1'],
  ['{"value":1,"encoding":"hex"}', 'Expected "encoding" to be "utf8" or "base64" in line 1'],
  ['{"value":1,"headers":["a"]}', 'Expected "headers" to be an object in line 1'],
  ['\n\n', 'it has none'],
  [`{"value":"${'x'.repeat(900_001)}"}`, 'at most 900000 bytes'],
])('%j is refused, and the line named', (text, sentence) => {
  expect(() => recordsOfFile(file('orders.ndjson', text))).toThrow(sentence)
})

test('generated records use keys and values in turn', () => {
  const values = [Buffer.from('a'), Buffer.from('b'), Buffer.from('c')]
  const records = generatedRecords(2, values)
  expect(records.map(({ key, value }) => `${key}=${value}`)).toEqual(['key-0=a', 'key-1=b', 'key-0=c'])
  expect(distinctKeys(records)).toBe(2)
  expect(distinctKeys([...records, { key: null, value: null, headers: [] }])).toBe(0)
})

test('how much of all the most frequent key has; records without a key count as others', () => {
  const records = ['a', 'b', 'a', null, 'c'].map((key) => ({
    key: key === null ? null : Buffer.from(key),
    ...{ value: null, headers: [] },
  }))
  expect(hottestKey(records)).toBe(0.4)
  expect(hottestKey(generatedRecords(4, [Buffer.from('v')]))).toBe(0.25)
  expect(hottestKey(records.filter(({ key }) => key === null))).toBe(0)
})

test('of a topic no more is read than is wanted', async () => {
  let read = 0
  async function* scan() {
    for (;;) {
      read++
      yield { key: null, value: Buffer.alloc(8 * 1024 * 1024), headers: [] }
    }
  }
  expect(await firstRecords(scan(), 3)).toHaveLength(3)
  expect(read).toBe(3)
  // 64 MiB are enough, however few records they are.
  expect(await firstRecords(scan(), 1_000)).toHaveLength(8)
})

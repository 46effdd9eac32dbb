import { json } from '@zk/formats'
import { expect, test } from 'vitest'
import { fakeMessage } from '../src/fake-message.js'

test('by default: a tombstone without key, headers and timestamp', () => {
  const message = fakeMessage()
  expect(message).toMatchObject({
    topic: 'test',
    partition: 0,
    offset: 0,
    timestamp: -1,
    key: null,
    rawValue: null,
    value: null,
  })
  expect([...message.headers]).toEqual([])
})

test('strings become bytes, and an empty key stays a key', () => {
  const message = fakeMessage({ key: '', value: 'é' })
  expect(message.key).toEqual(Buffer.alloc(0))
  expect(message.value).toEqual(Buffer.from('é'))
  expect(message.rawValue).toEqual(Buffer.from('é'))
})

test('a value goes through its format as through a topic', () => {
  const given = { n: 1, dropped: undefined }
  const message = fakeMessage({ value: given }, json())
  expect(message.rawValue!.toString()).toBe('{"n":1}')
  expect(message.value).toStrictEqual({ n: 1 })
  expect(message.value).toBe(message.value)
})

test('a tombstone is never given to the format', () => {
  expect(fakeMessage({ value: null }, json()).value).toBeNull()
  expect(fakeMessage({ rawValue: null }, json()).value).toBeNull()
})

test('a rawValue that the format refuses throws when the value is asked for', () => {
  const message = fakeMessage({ rawValue: 'no json' }, json())
  expect(() => message.value).toThrow(expect.objectContaining({ code: 'ZK_DECODE_FAILED' }))
})

test('what the test changes afterwards does not reach the message', () => {
  const key = Buffer.from('a')
  const message = fakeMessage({ key })
  key[0] = 0
  expect(message.key).toEqual(Buffer.from('a'))
})

test('headers: the last value of a name, all of them, and all in order', () => {
  const { headers } = fakeMessage({
    headers: [
      ['a', '1'],
      ['b', null],
      ['a', '2'],
    ],
  })
  expect(headers.get('a')).toEqual(Buffer.from('2'))
  expect(headers.get('b')).toBeNull()
  expect(headers.get('c')).toBeUndefined()
  expect(headers.getAll('a')).toEqual([Buffer.from('1'), Buffer.from('2')])
  expect(headers.getAll('c')).toEqual([])
  expect([...headers].map(([name]) => name)).toEqual(['a', 'b', 'a'])
})

test('an ambiguous record is refused', () => {
  expect(() => fakeMessage({ value: 'a', rawValue: 'b' })).toThrow('not both')
  expect(() => fakeMessage({ value: { n: 1 } as never })).toThrow('needs the format')
})

test('a value that the format cannot write throws at once, and is no message without a value', () => {
  expect(() => fakeMessage({ value: 1n }, json())).toThrow(expect.objectContaining({ code: 'ZK_ENCODE_FAILED' }))
})
